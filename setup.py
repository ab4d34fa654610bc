"""Everything else is in pyproject.toml; this finds packages and gives `schemas/` a place among them."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["pivot*"]), "pivot.schemas"],
    package_dir={"pivot.schemas": "schemas"},
    package_data={"pivot": ["codes.md"], "pivot.schemas": ["*.json"]},
)
