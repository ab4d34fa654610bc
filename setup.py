"""The rest is in pyproject.toml; this finds packages, `schemas/` and `examples/` among them."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["pivot*"]), "pivot.schemas", "pivot.examples"],
    package_dir={"pivot.schemas": "schemas", "pivot.examples": "examples"},
    package_data={
        "pivot.codes": ["codes.md"],
        "pivot.web": ["templates/*"],
        "pivot.schemas": ["*.json"],
        "pivot.examples": ["*.py"],
    },
)
