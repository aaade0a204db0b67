"""A bookshop with its own users, sessions, lifespan and jobs. Pictures came later: look for `limner`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from database import DATABASE, Book, User, engine, get_db, make_session
from database import Job as PrintRun
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import HTMLResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from limner import Ask, JobState, Limner, Refused
from limner import Job as PictureJob

PAGE = Path(__file__).with_name("page.html")


class Job(BaseModel):
    """A print run, as this API has always shown it."""

    id: int
    book_id: int
    state: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    yield {"motto": "Books since 1987."}
    engine.dispose()


def get_current_user(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
    db: Annotated[Session, Depends(get_db)],
) -> User:
    user = db.scalar(select(User).where(User.token == credentials.credentials))
    if user is None:
        raise HTTPException(403, "The bookshop does not know you.")
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]
Database = Annotated[Session, Depends(get_db)]

app = FastAPI(title="Bookshop", lifespan=lifespan)
limner = Limner(database=DATABASE)
app.include_router(limner.router(current_user=get_current_user), prefix="/art")


@app.post("/books/{book_id}/cover", status_code=202)
async def order_cover(book_id: int, user: CurrentUser, db: Database) -> dict[str, str]:
    book = db.get(Book, book_id)
    if book is None or book.owner_id != user.id:
        raise HTTPException(404, "No such book.")
    prompt = f"a cover for {book.title}"
    job = await limner.submit(prompt, owner=str(user.id), reference=f"book-{book.id}", metadata={"book": book.id})
    return {"cover": job.id}


@limner.on_finished
def start_printing(job: PictureJob) -> None:
    """Called at least once for every finished picture: a second call changes nothing."""
    book_id = job.metadata.get("book")
    if book_id is None or job.state is not JobState.SUCCEEDED:
        return
    with make_session() as db, db.begin():
        if db.scalar(select(PrintRun).where(PrintRun.book_id == book_id)) is None:
            db.add(PrintRun(book_id=book_id, state="printing"))


@limner.before_submit
def keep_the_house_clean(ask: Ask, owner: str) -> None:
    if "dragon" in ask.prompt.lower():
        raise Refused("This shop does not print dragons.")


@app.get("/jobs")
def print_runs(user: CurrentUser, db: Database) -> list[Job]:
    runs = db.scalars(select(PrintRun).join(Book).where(Book.owner_id == user.id))
    return [Job(id=run.id, book_id=run.book_id, state=run.state) for run in runs]


@app.get("/", response_class=HTMLResponse)
def page() -> str:
    return PAGE.read_text("utf-8")
