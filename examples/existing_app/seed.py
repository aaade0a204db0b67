"""Two customers and their books, to try it with."""

from database import Book, User, make_session

with make_session() as db, db.begin():
    db.add(User(id=1, name="Ada", token="ada"))
    db.add(User(id=2, name="Ben", token="ben"))
    db.flush()
    db.add(Book(id=1, title="three red boats on a calm sea at sunset", owner_id=1))
    db.add(Book(id=2, title="a red fox in snow", owner_id=2))
