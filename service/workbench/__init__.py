"""The workbench (工作台): the pages that clerks, analysts and stewards work with, rendered by the server.

To add a page: a template in `templates/` that extends `base.html`; a route that calls `show` with the role it needs and
its entry in `rendering.MENU`; a script or style sheet in `service/web/` where it needs one of its own; and a test in a
real browser for each role. A page reads by the functions that `/v1` uses and writes by calling `/v1` itself, so that
whatever a person can do another system can do as well. Scripts and styles stand in files of their own: the content
security policy allows nothing else.
"""
