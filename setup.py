"""The compiled kernel: built where there is a C compiler, done without where there is none."""

from setuptools import Extension, setup

KERNEL = Extension(
    "classifier.kernel",
    [f"classifier/{part}.c" for part in ("kernel", "clues", "segmenter", "scores", "chances", "leads", "sketches")],
    depends=["classifier/kernel.h", "classifier/tables.h"],
    extra_compile_args=["-O3", "-std=gnu11", "-ffp-contract=off"],
    optional=True,
)

setup(ext_modules=[KERNEL])
