"""Expectation suites as data: what a suite file may say, and reading it. Knows nothing of Great Expectations."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

SUITES = Path(__file__).parent / "suites"

Sentence = Annotated[str, StringConstraints(min_length=10)]


class InvalidSuite(ValueError):
    """A suite file cannot be used; the message names the file and what is wrong in it."""


class Expectation(BaseModel):
    """One expectation: Great Expectations' name and arguments, how grave a failure is, and why it is expected.

    `critical` blocks what is downstream; `warning` is shown and blocks nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Annotated[str, StringConstraints(pattern=r"^expect_[a-z_]+$")]
    kwargs: dict[str, Any] = Field(default_factory=dict)
    severity: Literal["critical", "warning"]
    because: Sentence


class Suite(BaseModel):
    """What must hold of the rows of one relation.

    `columns` maps the names that expectations use to SQL over the relation, so that a comparison of two columns is one
    more boolean column, and Great Expectations can answer the whole suite with one pass over the rows.
    `sample` names the columns that may be shown of a failing row: ids only, never a person's data.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: Sentence
    columns: dict[str, str]
    sample: list[str]
    expectations: list[Expectation]

    @model_validator(mode="after")
    def _knows_its_columns(self) -> Self:
        wanted = {str(each.kwargs["column"]) for each in self.expectations if "column" in each.kwargs}
        if unknown := sorted((wanted | set(self.sample)) - set(self.columns)):
            raise ValueError(f"columns: {', '.join(unknown)} are used but not defined")
        return self


@cache
def load_suite(name: str) -> Suite:
    """Read `suites/<name>.yaml`, its `extends` first. Raises `InvalidSuite`."""
    path = SUITES / f"{name}.yaml"
    try:
        return Suite.model_validate(_read(path))
    except (OSError, TypeError, ValueError, yaml.YAMLError) as error:
        raise InvalidSuite(f"{path.name}: {error}") from error


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    if base_name := document.pop("extends", None):
        base = _read(path.with_name(f"{base_name}.yaml"))
        document["columns"] = base["columns"] | document.get("columns", {})
        document["expectations"] = base["expectations"] + document.get("expectations", [])
        document = base | document
    return document
