"""`limner jobs`: what was asked for, and how it stands."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import click

from limner.actions.create_key import LOCAL_USER
from limner.cli.client import Client, Document, address, reach
from limner.cli.options import Options, shared_options
from limner.cli.output import Bar, count_pictures, echo_json, echo_table, seed_of, shorten

user_option = click.option("--user", default=LOCAL_USER, show_default=True, help="Whose, without --url.")


@click.group()
def jobs() -> None:
    """What was asked for, and how it stands."""


@jobs.command("list")
@click.option("--state", help="queued, running, succeeded, failed or cancelled.")
@click.option("--reference", help="Only jobs with this label.")
@click.option("--limit", type=int, default=20, show_default=True)
@click.option("--cursor", help="The `next` of an earlier page.")
@user_option
@shared_options
def list_(options: Options, user: str, **query: Any) -> None:
    """Newest first."""
    page = asyncio.run(_ask(options, user, lambda client: client.get("/jobs", query)))
    if options.json:
        echo_json(page)
        return
    rows = [(job["id"], job["state"], _stand(job), shorten(job["request"]["prompt"])) for job in page["items"]]
    echo_table(("JOB", "STATE", "", "PROMPT"), rows, nothing="No jobs.")
    if page["next"]:
        click.echo(f"More: --cursor {page['next']}")


@jobs.command()
@click.argument("job_id")
@user_option
@shared_options
def show(options: Options, user: str, job_id: str) -> None:
    """One job, whole."""
    _tell(options, asyncio.run(_ask(options, user, lambda client: client.get(address("job", job_id)))))


@jobs.command()
@click.argument("job_id")
@user_option
@shared_options
def watch(options: Options, user: str, job_id: str) -> None:
    """Follow a job to its end; with --json one event a line."""
    asyncio.run(_ask(options, user, lambda client: _watch(client, job_id, options)))


@jobs.command()
@click.argument("job_id")
@user_option
@shared_options
def cancel(options: Options, user: str, job_id: str) -> None:
    """Stop a job; pictures that are done are kept."""
    _tell(options, asyncio.run(_ask(options, user, lambda client: _post(client, job_id, "cancel"))))


@jobs.command()
@click.argument("job_id")
@user_option
@shared_options
def retry(options: Options, user: str, job_id: str) -> None:
    """Ask again for what failed or was cancelled: a new job."""
    _tell(options, asyncio.run(_ask(options, user, lambda client: _post(client, job_id, "retry"))))


@jobs.command()
@click.argument("job_id")
@user_option
@shared_options
def delete(options: Options, user: str, job_id: str) -> None:
    """Drop a finished job and its pictures for good."""
    asyncio.run(_ask(options, user, lambda client: client.call("DELETE", address("job", job_id))))
    if options.json:
        echo_json({"deleted": job_id})
    else:
        click.echo("Deleted.")


async def _ask(options: Options, user: str, question: Callable[[Client], Awaitable[Any]]) -> Any:
    async with reach(options, user=user) as client:
        return await question(client)


async def _post(client: Client, job_id: str, verb: str) -> Document:
    document: Document = (await client.call("POST", f"{address('job', job_id)}/{verb}")).json()
    return document


async def _watch(client: Client, job_id: str, options: Options) -> None:
    bar = Bar(live=sys.stderr.isatty() and not options.json)
    async for event, data in client.watch(job_id):
        if options.json:
            echo_json({"event": event, "data": data})
        elif event == "progress":
            bar.show(data)
        elif event == "job":
            bar.clear()
            click.echo(f"{data['state']}  {_stand(data)}".rstrip())


def _stand(job: Document) -> str:
    """How far a job is, or how it ended."""
    if job["error"]:
        return str(job["error"]["detail"])
    if job["state"] == "running":
        return f"{job['progress']['fraction']:.0%}"
    return count_pictures(len(job["images"])) if job["images"] else ""


def _tell(options: Options, job: Document) -> None:
    if options.json:
        echo_json(job)
        return
    click.echo(f"job      {job['id']}\nstate    {job['state']}  {_stand(job)}".rstrip())
    request = job["request"]
    click.echo(f"prompt   {request['prompt']}")
    click.echo(f"model    {request['model']}  {request['width']} × {request['height']}{seed_of(request)}")
    click.echo(f"created  {job['created_at']}")
    for image in job["images"]:
        click.echo(f"image    {image['id']}{seed_of(image)}  {image['bytes']} bytes")
    for note in job["notes"]:
        click.echo(f"note     {note['detail']}")
