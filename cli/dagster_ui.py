"""Talking to the running Dagster webserver, in its GraphQL: cheaper by far than importing Dagster."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from cli.errors import CommandError

_LOCATION = """
query { workspaceOrError { __typename
  ... on PythonError { message }
  ... on Workspace { locationEntries { loadStatus locationOrLoadError { __typename ... on PythonError { message } } } }
} }
"""
_DAEMONS = "query { instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } } }"
_ACTIVE = """
query { runsOrError(filter: {statuses: [STARTING, STARTED, CANCELING]}) { ... on Runs { results { runId } } } }
"""
_STATUS = "query Status($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
_LAUNCH = """
mutation Launch($params: ExecutionParams!) { launchRun(executionParams: $params) { __typename
  ... on LaunchRunSuccess { run { runId } }
  ... on PythonError { message }
  ... on RunConfigValidationInvalid { errors { message } }
  ... on PipelineNotFoundError { message }
} }
"""
_TERMINATE = """
mutation Stop($ids: [String!]!) { terminateRuns(runIds: $ids, terminatePolicy: SAFE_TERMINATE) { __typename } }
"""


class DagsterUnavailable(CommandError):
    """The webserver does not answer, or answers with an error."""


@dataclass(frozen=True)
class DagsterUi:
    """The webserver at `url`."""

    url: str

    def answers(self) -> bool:
        """Tell whether it serves already."""
        try:
            return httpx.get(f"{self.url}/server_info", timeout=5, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def location_error(self) -> str | None:
        """Return why our definitions do not load, None when they do."""
        workspace = self._ask(_LOCATION)["workspaceOrError"]
        if "message" in workspace:
            return str(workspace["message"])
        for entry in workspace["locationEntries"]:
            if "message" in (entry["locationOrLoadError"] or {}):
                return str(entry["locationOrLoadError"]["message"])
        return None

    def daemons_run(self) -> bool:
        """Tell whether every daemon that must run has given a sign of life."""
        statuses = self._ask(_DAEMONS)["instance"]["daemonHealth"]["allDaemonStatuses"]
        return all(status["healthy"] for status in statuses if status["required"])

    def active_runs(self) -> list[str]:
        """Return the ids of the runs that are at work."""
        return [run["runId"] for run in self._ask(_ACTIVE)["runsOrError"]["results"]]

    def run_status(self, run_id: str) -> str | None:
        """Return the run's status in Dagster's words (QUEUED, STARTED, SUCCESS, FAILURE, …); None for a strange id."""
        status = self._ask(_STATUS, id=run_id)["runOrError"].get("status")
        return None if status is None else str(status)

    def launch(self, job: str, config: Mapping[str, Any], tags: Mapping[str, str]) -> str:
        """Queue a run and return its id. Raises `DagsterUnavailable` with Dagster's reason when it does not take it."""
        selector = {"repositoryLocationName": "pipelines", "repositoryName": "__repository__", "jobName": job}
        metadata = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
        params = {"selector": selector, "runConfigData": config, "executionMetadata": metadata}
        answer = self._ask(_LAUNCH, params=params)["launchRun"]
        if "run" not in answer:
            reason = answer.get("message") or answer.get("errors") or answer["__typename"]
            raise DagsterUnavailable(f"Dagster at {self.url} did not take the run of {job}: {reason}")
        return str(answer["run"]["runId"])

    def stop_runs(self, run_ids: Sequence[str]) -> None:
        """Ask the runs to stop; each ends as canceled when its step has cleaned up."""
        self._ask(_TERMINATE, ids=list(run_ids))

    def _ask(self, query: str, **variables: Any) -> Mapping[str, Any]:
        body = {"query": query, "variables": variables}
        try:
            # No proxy of the environment may stand between us and our own machine.
            answer = httpx.post(f"{self.url}/graphql", json=body, timeout=30, trust_env=False)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise DagsterUnavailable(
                f"Dagster at {self.url} does not answer ({type(error).__name__}). See logs/webserver.log in the home."
            ) from error
        document = answer.json()
        if document.get("errors"):
            raise DagsterUnavailable(f"Dagster at {self.url} answered: {document['errors'][0]['message']}")
        data: Mapping[str, Any] = document["data"]
        return data
