"""Pictures: seen with a key or by a signed link, hidden and brought back."""

import pytest

from tests.web.house import paint


async def test_a_picture_is_seen_by_its_signed_link_alone(house, ann):
    (image,) = (await paint(ann))["images"]
    async with house.bare() as nobody:
        assert (await nobody.get(image["url"])).status_code == 401
        answer = await nobody.get(image["signed_url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert len(answer.content) == image["bytes"]
    assert answer.headers["etag"] == f'"{image["sha256"]}"'


async def test_a_signed_link_serves_the_thumbnail_of_the_same_picture(house, ann):
    (image,) = (await paint(ann))["images"]
    small = image["signed_url"].replace("/content", "/thumbnail/256")
    async with house.bare() as nobody:
        answer = await nobody.get(small)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")


@pytest.mark.parametrize("size", ["255", "x", "-1", "0", "256.0"])
async def test_other_sizes_of_thumbnails_are_refused(ann, size):
    (image,) = (await paint(ann))["images"]
    assert (await ann.get(f"/images/{image['id']}/thumbnail/{size}")).status_code == 422


async def test_a_picture_is_converted_on_request(ann):
    (image,) = (await paint(ann))["images"]
    answer = await ann.get(image["url"], params={"format": "jpeg"})
    assert (answer.headers["content-type"], answer.content[:3]) == ("image/jpeg", b"\xff\xd8\xff")
    assert (await ann.get(image["url"], params={"format": "gif"})).status_code == 422


async def test_a_head_tells_the_size(ann):
    (image,) = (await paint(ann))["images"]
    answer = await ann.head(image["url"])
    assert (answer.status_code, answer.headers["content-length"]) == (200, str(image["bytes"]))


async def test_a_deleted_picture_is_hidden_and_can_be_brought_back(ann):
    job = await paint(ann)
    (image,) = job["images"]
    assert (await ann.delete(f"/images/{image['id']}")).status_code == 204
    assert (await ann.get(image["url"])).status_code == 404
    assert (await ann.get(image["signed_url"])).status_code == 404
    assert (await ann.get("/images")).json()["items"] == []
    (told,) = (await ann.get(job["urls"]["self"])).json()["images"]
    assert told["deleted"] is True
    restored = await ann.post(f"/images/{image['id']}/restore")
    assert (restored.status_code, restored.json()["deleted"]) == (200, False)
    assert (await ann.get(image["url"])).status_code == 200


async def test_pictures_are_listed_newest_first(ann):
    older, newer = [(await paint(ann))["images"][0] for _ in range(2)]
    first = (await ann.get("/images", params={"limit": 1})).json()
    second = (await ann.get("/images", params={"limit": 1, "cursor": first["next"]})).json()
    assert [page["items"][0]["id"] for page in (first, second)] == [newer["id"], older["id"]]
    assert second["next"] is None


async def test_a_page_that_has_not_changed_is_not_told_again(ann):
    await paint(ann)
    first = await ann.get("/images")
    again = await ann.get("/images", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
