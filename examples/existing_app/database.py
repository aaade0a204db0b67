"""The bookshop's own tables and sessions, as they were before pictures came."""

from collections.abc import Iterator

from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

DATABASE = "sqlite:///bookshop.db"

engine = create_engine(DATABASE, pool_size=1, max_overflow=0, pool_timeout=5)
make_session = sessionmaker(engine)


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    token: Mapped[str] = mapped_column(unique=True)


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


class Job(Base):
    """A print run: the bookshop had the word first."""

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"))
    state: Mapped[str]


def get_db() -> Iterator[Session]:
    session = make_session()
    try:
        yield session
    finally:
        session.close()
