"""Which proof counts where a request brings several."""

from tests.web.house import paint


async def test_a_key_that_is_sent_decides_alone(house):
    session = await house.session("ann")
    async with house.browser(session, Authorization=f"Bearer {await house.key('ben')}") as both:
        assert (await both.get("/session")).json()["user"] == "ben"
    async with house.browser(session, Authorization="Bearer lmn_wrong") as wrong:
        assert (await wrong.get("/session")).status_code == 401


async def test_what_a_proxy_in_front_asks_for_does_not_hide_the_session(house):
    async with house.browser(await house.session("ann"), Authorization="Basic dGVhbTpzZWNyZXQ=") as browser:
        assert (await browser.get("/session")).json()["user"] == "ann"


async def test_sessions_of_one_user_see_the_same_and_others_do_not(house):
    async with (
        house.browser(await house.session("ann")) as laptop,
        house.browser(await house.session("ann")) as phone,
        house.browser(await house.session("ben")) as ben,
    ):
        job = await paint(laptop)
        assert (await phone.get(job["urls"]["self"])).status_code == 200
        assert (await ben.get(job["urls"]["self"])).status_code == 404
