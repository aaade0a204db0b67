import sys

import pytest

from limner.domain.budget import Allowance
from limner.domain.errors import SettingsError
from limner.settings import Settings, without_password


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, text):
    (folder / "limner.toml").write_text(text)


def test_defaults_are_one_machine_under_home(empty_folder):
    settings = Settings.load()
    assert settings.home == empty_folder / "limner-data"
    assert settings.database_url == f"sqlite:///{empty_folder}/limner-data/limner.db"
    assert settings.storage_url == f"file://{empty_folder}/limner-data/images"
    assert (list(settings.engines), settings.host) == (["painter"], "127.0.0.1")
    assert settings.authentication


def test_arguments_win_over_environment_and_environment_over_file(empty_folder, monkeypatch):
    write(empty_folder, 'port = 1\nworkers = 2\nembed = "full"\n')
    monkeypatch.setenv("LIMNER_PORT", "3")
    monkeypatch.setenv("LIMNER_WORKERS", "4")
    settings = Settings.load(port=5)
    assert (settings.port, settings.workers, settings.embed) == (5, 4, "full")


def test_an_argument_of_none_is_not_given(monkeypatch):
    monkeypatch.setenv("LIMNER_PORT", "3")
    assert Settings.load(port=None).port == 3


def test_limits_of_file_and_environment_are_merged(empty_folder, monkeypatch):
    write(empty_folder, "[limits]\nlease = 20\nqueued_total = 7\n")
    monkeypatch.setenv("LIMNER_LIMITS__LEASE", "12.5")
    limits = Settings.load().limits
    assert (limits.lease, limits.queued_total, limits.poll) == (12.5, 7, 2.0)


def test_an_engine_table_without_a_kind_is_of_the_kind_of_its_name(empty_folder):
    write(empty_folder, '[engines.painter]\nthreads = 2\n[engines.fast]\nkind = "instant"\n')
    settings = Settings.load()
    assert settings.engines["painter"].kind == "painter"
    assert settings.engines["painter"].options == {"threads": 2}
    assert settings.engines["fast"].kind == "instant"


def test_an_engine_can_be_set_by_the_environment(monkeypatch):
    monkeypatch.setenv("LIMNER_ENGINES__FAST__KIND", "instant")
    assert Settings.load().engines["fast"].kind == "instant"


def test_lists_are_split_at_commas(monkeypatch):
    monkeypatch.setenv("LIMNER_ALLOWED_HOSTS", "a.example, b.example")
    assert Settings.load().allowed_hosts == ("a.example", "b.example")


def test_proxies_are_addresses_or_networks():
    assert Settings.load(trusted_proxies="10.0.0.2, 10.1.0.0/16, ::1").trusted_proxies == (
        "10.0.0.2",
        "10.1.0.0/16",
        "::1",
    )


@pytest.mark.parametrize("wrong", ["*", "proxy.local", "10.0.0.1/8"])
def test_a_proxy_that_is_neither_is_refused_with_how_to_write_it(empty_folder, wrong):
    write(empty_folder, f'trusted_proxies = ["{wrong}"]\n')
    with pytest.raises(SettingsError, match=r"trusted_proxies in limner.toml: .* write 10.0.0.2 or 10.0.0.0/24"):
        Settings.load()


def test_a_typo_in_the_file_names_the_nearest_setting(empty_folder):
    write(empty_folder, "prot = 8000\n")
    with pytest.raises(SettingsError, match=r"There is no setting prot in limner.toml; did you mean port\?"):
        Settings.load()


def test_a_limit_outside_its_table_names_where_it_belongs(empty_folder):
    write(empty_folder, "lease = 8\n")
    with pytest.raises(SettingsError, match=r"did you mean limits.lease\?"):
        Settings.load()


def test_a_typo_in_a_limit_is_named_with_its_table(empty_folder):
    write(empty_folder, "[limits]\nleese = 8\n")
    with pytest.raises(SettingsError, match=r"no setting limits.leese .*did you mean limits.lease\?"):
        Settings.load()


def test_an_unknown_variable_names_the_nearest(monkeypatch):
    monkeypatch.setenv("LIMNER_DATABSE", "x")
    with pytest.raises(SettingsError, match=r"no setting LIMNER_DATABSE; did you mean LIMNER_DATABASE\?"):
        Settings.load()


def test_variables_of_the_command_line_are_not_settings(monkeypatch):
    monkeypatch.setenv("LIMNER_KEY", "lmn_x")
    monkeypatch.setenv("LIMNER_URL", "http://127.0.0.1:1")
    assert Settings.load().port == 8000


def test_an_unknown_argument_is_refused():
    with pytest.raises(SettingsError, match=r"no setting hmoe; did you mean home\?"):
        Settings.load(hmoe="x")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('port = "many"', r"port in limner.toml: it should be a valid integer"),
        ("port = 70000", r"port in limner.toml: it should be less than or equal to 65535"),
        ('embed = "some"', r"embed in limner.toml: it should be 'minimal' or 'full'"),
        ("[limits]\nlease = -1", r"limits.lease in limner.toml: lease is -1.0; it must be above 0"),
        ("[limits]\nlease = 4", r"lease is 4 s; it must be at least twice start_margin"),
        ('[limits]\npoll = "soon"', r"limits.poll in limner.toml: it should be a valid number"),
        ("engines = 3", r"engines in limner.toml: it should be a valid dictionary"),
        ("[engines.a]\non_ambiguous = 'x'", r"engines.a.on_ambiguous in limner.toml: it should be 'fail' or 'retry'"),
        ('[engines."a/b"]', r"'a/b' cannot name an engine"),
    ],
)
def test_a_wrong_value_is_a_sentence_with_its_name_and_what_is_allowed(empty_folder, text, sentence):
    write(empty_folder, text)
    with pytest.raises(SettingsError, match=sentence):
        Settings.load()


def test_a_wrong_variable_is_named_as_a_variable(monkeypatch):
    monkeypatch.setenv("LIMNER_PORT", "many")
    with pytest.raises(SettingsError, match=r"^LIMNER_PORT: it should be a valid integer"):
        Settings.load()


def test_a_limit_out_of_range_is_named_as_the_variable_that_set_it(monkeypatch):
    monkeypatch.setenv("LIMNER_LIMITS__LEASE", "-3")
    with pytest.raises(SettingsError, match=r"^LIMNER_LIMITS__LEASE: lease is -3.0; it must be above 0.$"):
        Settings.load()


def test_broken_toml_names_the_line(empty_folder):
    write(empty_folder, "port = 1\nhost = \n")
    with pytest.raises(SettingsError, match=r"limner.toml is not TOML: .*line 2"):
        Settings.load()


def test_a_settings_file_that_is_named_must_exist(monkeypatch):
    monkeypatch.setenv("LIMNER_CONFIG", "elsewhere.toml")
    with pytest.raises(SettingsError, match=r"There is no settings file elsewhere.toml"):
        Settings.load()


def test_no_secret_stands_in_the_repr_or_in_errors(empty_folder):
    write(empty_folder, 'storage = "s3://u:hunter2@h/d"\n[engines.o]\nkind = "x"\napi_key = "hunter2"\n')
    settings = Settings.load()
    assert "hunter2" not in repr(settings) + str(settings) + repr(settings.engines) + str(settings.engines["o"])
    write(empty_folder, 'database = ["hunter2"]\n')
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert "hunter2" not in str(caught.value)


def test_a_url_is_shown_without_its_password():
    assert without_password("postgresql://u:hunter2@h/d") == "postgresql://u:…@h/d"
    assert without_password("sqlite:////a/b.db") == "sqlite:////a/b.db"
    assert without_password("postgresql:///d?user=u&password=hunter2&sslpassword=hunter3&host=h") == (
        "postgresql:///d?user=u&password=…&sslpassword=…&host=h"
    )
    assert without_password("celery+redis://:hunter2@a/0;redis://u:hunt@er3@b/0;redis://c/0") == (
        "celery+redis://:…@a/0;redis://u:…@b/0;redis://c/0"
    )


@pytest.mark.parametrize(
    "url",
    [
        "celery+redis://h:abc/0",
        "celery+redis://:pa/ss@h/0",
        "celery+redis://a/0;b/0",
        "celery+redis://[::1/0",
        "celery+redis://a/0;celery+redis://:pass@h/0",
        "celery+redis://:12#pass@h/0",
        "celery+redis://u:12/pass@h/0",
    ],
)
def test_a_url_that_leads_to_no_broker_is_refused_before_anything_runs(url):
    with pytest.raises(SettingsError, match="no URL of a broker") as refusal:
        Settings.load(dispatcher=url)
    assert "ss@h" not in str(refusal.value)


def test_one_broker_may_take_over_from_another():
    assert Settings.load(dispatcher="celery+redis://:pw@a/0;redis://:pw@b:6380/0").dispatcher.count(";") == 1


def test_windows_is_refused_with_a_sentence(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SettingsError, match="inside WSL 2"):
        Settings.load()


def test_a_home_that_no_url_can_name_is_refused():
    with pytest.raises(SettingsError, match=r"a folder with a \? in its name"):
        Settings.load(home="what?")


def test_other_databases_are_refused():
    with pytest.raises(SettingsError, match="rows are kept in SQLite or Postgres"):
        Settings.load(database="mysql://h/d")


def test_a_short_secret_is_refused_without_being_told():
    with pytest.raises(SettingsError, match="secret: it needs 32 characters or more") as refusal:
        Settings.load(secret="hunter2")
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("facts", "is_refused"),
    [
        ({}, False),
        ({"host": "0.0.0.0"}, False),
        ({"database": "postgresql:///limner"}, False),
        ({"database": "postgresql://me@localhost/limner", "dispatcher": "celery+redis://127.0.0.1/0"}, False),
        ({"database": "postgresql:///limner?host=/run/postgresql"}, False),
        ({"database": "postgresql:///limner?host=db"}, True),
        ({"database": "postgresql:///limner?hostaddr=10.0.0.2"}, True),
        ({"database": "postgresql://localhost/limner?hostaddr=10.0.0.2"}, True),
        ({"database": "postgresql:///limner?service=pictures"}, True),
        ({"database": "postgresql:///limner?host=127.0.0.1&host=10.0.0.2"}, True),
        ({"database": "postgresql:///limner?host=/tmp,10.0.0.2"}, True),
        ({"database": "postgresql://localhost/limner?host=10.0.0.2"}, True),
        ({"database": "postgresql://localhost:5432,other:5432/limner"}, True),
        ({"database": "postgresql://[::1]:5432,127.0.0.1/limner"}, False),
        ({"database": "postgresql:///limner?hostaddr=::1"}, False),
        ({"database": "postgresql://me:password@db:5432/limner"}, True),
        ({"database": "postgresql://one:5432,other:5432/limner"}, True),
        ({"database": "postgresql:///limner", "dispatcher": "celery+amqp://me:password@broker//"}, True),
        ({"database": "postgresql:///limner", "dispatcher": "celery+redis://127.0.0.1/0;redis://10.0.0.2/0"}, True),
        ({"database": "postgresql:///limner", "host": "0.0.0.0"}, True),
        ({"database": "postgresql:///limner", "host": ""}, True),
        ({"database": "postgresql://db/limner", "host": "0.0.0.0", "secret": "s" * 32}, False),
    ],
)
def test_a_secret_is_asked_for_where_other_machines_may_answer(facts, is_refused):
    settings = Settings(**facts)
    if not is_refused:
        settings.refuse_own_secret()
        return
    with pytest.raises(SettingsError, match="set LIMNER_SECRET"):
        settings.refuse_own_secret()


@pytest.mark.parametrize("name", ["PGHOST", "PGHOSTADDR", "PGSERVICE"])
def test_postgres_may_be_elsewhere_by_its_own_variables(name, monkeypatch):
    monkeypatch.setenv(name, "10.0.0.2")
    Settings().refuse_own_secret()
    with pytest.raises(SettingsError, match="set LIMNER_SECRET"):
        Settings(database="postgresql:///limner").refuse_own_secret()


def test_models_of_several_engines_and_budgets_are_tables(empty_folder, monkeypatch):
    write(
        empty_folder,
        """
        [models.picture]
        route = ["openai/gpt-image-1", "deepai"]
        on_refusal = "next"
        [budgets]
        per_owner = { day = 1.0 }
        [budgets.per_engine]
        openai = { month = 500 }
        """,
    )
    monkeypatch.setenv("LIMNER_BUDGETS__PER_OWNER__MONTH", "20")
    settings = Settings.load()
    assert settings.models["picture"].route == ("openai/gpt-image-1", "deepai")
    assert settings.models["picture"].on_refusal == "next"
    assert settings.budgets.per_owner == Allowance(day=1.0, month=20.0)
    assert settings.budgets.per_engine == {"openai": Allowance(month=500.0)}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[models.picture]\nroute = ["a"]\non_refusal = "ask"\n', "on_refusal"),
        ('[models.picture]\nengines = ["a"]\n', "models.picture"),
        ('[models."A b"]\nroute = ["a"]\n', "cannot name a model: use a-z, 0-9, - and _"),
        ("[budgets]\nper_owner = { day = -1 }\n", "-1 a day is below 0"),
        ("[budgets]\nper_owner = { week = 1 }\n", "budgets.per_owner.week"),
    ],
)
def test_a_wrong_route_or_budget_is_told_by_its_name(empty_folder, text, sentence):
    write(empty_folder, text)
    with pytest.raises(SettingsError, match=sentence):
        Settings.load()


@pytest.fixture
def key_of(empty_folder):
    def load(text):
        write(empty_folder, f'[engines.deepai]\nkey = "{text}"\n')
        return Settings.load().engines["deepai"]

    return load


def test_an_engines_key_is_read_from_where_it_stands(key_of, empty_folder, monkeypatch):
    monkeypatch.setenv("DEEPAI_KEY", "from the environment ")
    (empty_folder / "secret").write_text("from a file\n")
    read = [key_of(text).options["key"] for text in ("env:DEEPAI_KEY", f"file:{empty_folder}/secret", "itself")]
    assert read == ["from the environment", "from a file", "itself"]


@pytest.mark.parametrize("text", ["env:NO_SUCH_KEY", "file:/no/such/file", "file:/"])
def test_a_key_that_is_not_there_stays_as_it_is_written_so_that_the_engine_can_say_so(key_of, text):
    assert key_of(text).options["key"] == text


def test_a_key_stands_in_no_repr(key_of, monkeypatch):
    monkeypatch.setenv("DEEPAI_KEY", "sk-secret")
    for text in ("env:DEEPAI_KEY", "sk-secret"):
        assert "sk-secret" not in repr(key_of(text)) + repr(Settings.load())


def test_a_vendors_variable_enables_nothing_by_itself(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert set(Settings.load().engines) == {"painter"}


@pytest.mark.parametrize("url", ["https://images.example.com", "https://127.0.0.1:8000", "https://example.com/limner/"])
def test_where_the_internet_finds_us_is_an_address(url):
    assert Settings.load(public_url=url).public_url == url


@pytest.mark.parametrize(
    "url",
    ["images.example.com", "http://images.example.com", "ftp://example.com", "https://u:p@example.com", "https://a/?b"],
)
def test_what_the_internet_cannot_find_is_refused(url):
    with pytest.raises(SettingsError, match=r"public_url: .*write https://images.example.com"):
        Settings.load(public_url=url)
