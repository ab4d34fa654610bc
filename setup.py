"""The rest is in pyproject.toml; this finds packages, and folders that an installed pivot needs."""

from setuptools import find_packages, setup

BESIDE = {"schemas": ["*.json"], "examples": ["*.py", "*.xml", "*.json"], "config": ["*"], "docs": ["*.md"]}
"""Folders of the repository that are packages of the installed pivot, and which of their files go along."""

setup(
    packages=[*find_packages(include=["pivot*"]), *(f"pivot.{folder}" for folder in BESIDE)],
    package_dir={f"pivot.{folder}": folder for folder in BESIDE},
    package_data={
        "pivot": ["py.typed"],
        "pivot.codes": ["codes.md"],
        "pivot.web": ["templates/*"],
        **{f"pivot.{folder}": patterns for folder, patterns in BESIDE.items()},
    },
)
