mod cdk;
mod fixtures;
mod hostile;

use crate::collect::declared::testing::{declared, folder, lines, read_folder, require, require_none};

const PULUMI: &str = "import pulumi\nimport pulumi_aws as aws\n";
/// What is declared by these lines, which begin at line 3.
fn program(code: &str, stack: Option<&str>) -> Vec<String> {
    declared(&[("__main__.py", &format!("{PULUMI}{code}"))], stack)
}

/// The version, or reason, of a database whose version is an expression, at line 100.
fn version(expression: &str, before: &str, stack: Option<&str>) -> String {
    let gap = "\n".repeat(97 - before.matches('\n').count());
    let code = format!("{before}{gap}aws.rds.Instance('a', engine='postgres', engine_version={expression})\n");
    let found = program(&code, stack);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].split_once(" postgres ").unwrap().1.to_owned()
}

#[test]
fn every_style_of_import_is_followed() {
    for (import, class) in [
        ("import pulumi_aws as aws", "aws.rds.Instance"),
        ("import pulumi_aws", "pulumi_aws.rds.Instance"),
        ("import pulumi_aws.rds", "pulumi_aws.rds.Instance"),
        ("import pulumi_aws.rds as db", "db.Instance"),
        ("from pulumi_aws import rds", "rds.Instance"),
        ("from pulumi_aws import ec2, rds as db", "db.Instance"),
        ("from pulumi_aws.rds import Instance", "Instance"),
        ("from pulumi_aws.rds import (\n Instance as Db,\n)", "Db"),
        ("from pulumi_aws.rds.instance import Instance", "Instance"),
        ("from pulumi_aws.rds import *", "Instance"),
        ("import pulumi_aws as aws; Db = aws.rds.Instance", "Db"),
        ("import pulumi_aws as aws; rds = aws.rds", "rds.Instance"),
        ("import pulumi_aws_native as native", "native.rds.DbInstance"),
        ("from pulumi_aws_native.rds import DbInstance", "DbInstance"),
    ] {
        let line = import.matches('\n').count() + 2;
        let code = format!("{import}\n{class}('a', engine='postgres', engine_version='16.3')");
        require(&[("a.py", &code)], None, &[&format!("a.py:{line} a postgres 16.3")]);
    }
}

#[test]
fn what_the_file_determines_is_followed() {
    for (expression, before) in [
        ("'16.3'", ""),
        ("16.3", ""),
        ("str(16.3)", ""),
        ("f'{major}.3'", "major = 16"),
        ("f\"{v}\"", "v: str = '16.3'"),
        ("major + '.3'", "major = '16'"),
        ("'16' '.3'", ""),
        ("'%s.%d' % (16, 3)", ""),
        ("'16.%s' % 3", ""),
        ("'{}.{minor}'.format(16, minor=3)", ""),
        ("' 16.3\\n'.strip()", ""),
        ("versions['app']", "versions = {'app': '16.3'}"),
        ("versions.get('app')", "versions = dict(app='16.3')"),
        ("versions.get('other', '16.3')", "versions = {'app': '12'}"),
        ("versions['db']['v']", "base = {'v': '16.3'}; versions = {'db': {**base}}"),
        ("merged['v']", "a = {'v': '12'}; merged = a | {'v': '16.3'}"),
        ("Versions.APP", "class Versions:\n  APP = '16.3'\n"),
        ("Versions.APP.value", "from enum import Enum\nclass Versions(str, Enum):\n  APP = '16.3'\n"),
        ("Versions('16.3').value", "from enum import Enum\nclass Versions(Enum):\n  APP = '16.3'\n"),
        (
            "settings.version",
            "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass S:\n  name: str\n  version: str = '16.3'\nsettings = S('x')\n",
        ),
        (
            "settings.version",
            "from dataclasses import dataclass\n@dataclass\nclass S:\n  name: str\n  version: str = '12'\nsettings = S(name='x', version='16.3')\n",
        ),
        ("None or '16.3'", ""),
        ("'16.3' if True else '12'", ""),
        ("'16.3' if unknown() else '16.3'", ""),
        ("list_[-1]", "list_ = ['12', '16.3']"),
        ("pulumi.Output.from_input('16.3')", ""),
        ("pulumi.Output.concat('16', '.3')", ""),
        ("pulumi.Output.format('{0}.{1}', 16, minor)", "minor = 3"),
        ("b", "a, b = '12', '16.3'"),
        ("a", "a = b = '16.3'"),
        ("v", "v = '12'\nif True:\n  v = '16.3'\n"),
        ("v", "v = '12'\nif False:\n  v = '13'\nelif 1 == 1:\n  v = '16.3'\nelse:\n  v = '14'\n"),
        ("v", "v = '16'\nv += '.3'\n"),
        ("v", "if (v := '16.3'):\n  pass\n"),
        ("args['v']", "args = {}\nargs['v'] = '16.3'\n"),
        ("args['v']", "args = {'v': '12'}\nargs.update({'v': '16.3'})\n"),
        ("choose('b')", "def choose(name):\n  if name == 'a':\n    return '12'\n  return '16.3'\n"),
        ("choose()", "def choose(major=16, *, minor=3):\n  return f'{major}.{minor}'\n"),
        ("o.version", "class O:\n  def __init__(self, major):\n    self.version = f'{major}.3'\no = O(16)\n"),
        ("'.'.join(['16', '3'])", ""),
        ("'v16.3'.removeprefix('v')", ""),
        ("'16.3-x'.split('-')[0]", ""),
        (
            "pick()",
            "def pick():\n  match 'b':\n    case 'a':\n      return '12'\n    case 'b' | 'c':\n      return '16.3'\n    case _:\n      return '13'\n",
        ),
    ] {
        assert_eq!(version(expression, before, None), "16.3", "{before} {expression}");
    }
}

#[test]
fn what_only_a_run_tells_has_a_reason() {
    let environment = "at line 100: it depends on the environment";
    for (expression, before, reason) in [
        ("os.environ['V']", "import os", &*format!("os.environ {environment}")),
        ("os.environ.get('V', '12')", "import os", &format!("os.environ {environment}")),
        ("os.getenv('V') or '12'", "import os", &format!("os.getenv('V') {environment}")),
        ("unknown()", "", "unknown at line 100: it is not declared in this file"),
        ("v", "from versions import v", "v at line 100: it is imported from versions"),
        ("v", "from .versions import v", "v at line 100: it is imported from .versions, which is not there"),
        ("v", "v = '12'\nfor v in open('x'):\n  pass\n", "it is set in the loop at line 4"),
        ("v", "v = '12'\nif unknown:\n  v = '16'\n", "unknown at line 4: it is not declared in this file"),
        ("v", "try:\n  v = '12'\nexcept Exception:\n  v = '13'\n", "it is set in a try statement"),
        ("v", "v = '12'\ndef f():\n  global v\n  v = '16'\n", "v at line 100: it is changed in a function at line 6"),
        ("o['v']", "o = {'v': '12'}\no[unknown] = '16'\n", "it is changed at line 4"),
        ("o[0]", "o = ['12']\no.append('16')\n", "o at line 100: it is changed at line 4"),
        ("o['w']", "o = {'v': '12'}\n", "o['w'] at line 100: there is no w"),
        ("None", "", "engineVersion is not set, so RDS chooses it"),
        ("''", "", "engineVersion is not set, so RDS chooses it"),
        ("['16']", "", "engineVersion is not a text"),
        (
            "x.version.apply(lambda v: v)",
            "x = aws.ssm.get_parameter(name='v')",
            "aws.ssm.get_parameter(name='v') at line 3: only a run tells",
        ),
        (
            "config.require('v')",
            "config = pulumi.Config()",
            "config.require('v') at line 100: there is no Pulumi.yaml above it",
        ),
        (
            "'16' if stack == 'production' else '12'",
            "stack = pulumi.get_stack()",
            "stack == 'production' cannot be decided: pulumi.get_stack() at line 3: no stack given",
        ),
        (
            "config.require_secret('v')",
            "config = pulumi.Config()",
            "config.require_secret('v') at line 100: it is a secret",
        ),
        ("f'{v:>4}'", "v = 16", "{v:>4} at line 100: only a run tells"),
        ("b'16'", "", "b'16' at line 100: only a run tells"),
    ] {
        assert_eq!(version(expression, before, None), reason, "{before} {expression}");
    }
}

#[test]
fn a_stack_decides() {
    let before = "stack = pulumi.get_stack(); old = stack in ('staging', 'demo')";
    for (expression, production, staging) in [
        ("'16' if stack == 'production' else '12'", "16", "12"),
        ("'16' if not old else '12'", "16", "12"),
        ("(stack != 'production' and '12') or '16'", "16", "12"),
        ("{'production': '16', 'staging': '12'}[stack]", "16", "12"),
        ("{'staging': '12'}.get(stack, '16')", "16", "12"),
        ("'16' if stack.startswith('prod') else '12'", "16", "12"),
    ] {
        assert_eq!(version(expression, before, Some("production")), production, "{expression}");
        assert_eq!(version(expression, before, Some("acme/data/staging")), staging, "{expression}");
    }
    let code = "if pulumi.get_stack() == 'production':
  aws.rds.Instance('a', engine='postgres', engine_version='16')
else:
  aws.rds.Instance('b', engine='postgres', engine_version='12')
";
    assert_eq!(program(code, Some("production")), ["__main__.py:4 a postgres 16"]);
    assert_eq!(program(code, Some("staging")), ["__main__.py:6 b postgres 12"]);
    assert_eq!(program(code, None), ["__main__.py:4 a postgres 16", "__main__.py:6 b postgres 12"]);
}

#[test]
fn configuration_is_read_from_the_stack() {
    let code = format!(
        "{PULUMI}config = pulumi.Config()
version = config.get('version') or '12'
aws.rds.Instance('a', engine='postgres', engine_version=version, identifier=pulumi.Config('x').require('id'))
aws.rds.Instance('b', engine='postgres', engine_version=config.get_object('db', {{'v': '11'}})['v'])
"
    );
    let project = ("data/Pulumi.yaml", "name: data\nruntime: python\n");
    let staging =
        ("data/Pulumi.staging.yaml", "config:\n  data:version: \"16.3\"\n  x:id: app\n  data:db:\n    v: 15.4\n");
    let production = ("data/Pulumi.production.yaml", "config:\n  aws:region: eu-west-2\n");
    let program = ("data/__main__.py", code.as_str());
    let all = [project, staging, production, program];
    let found = ["data/Pulumi.staging.yaml:2 a postgres 16.3", "data/Pulumi.staging.yaml:5 b postgres 15.4"];
    require(&[project, staging, program], None, &found);
    require(&all, Some("staging"), &found);
    let found = ["data/__main__.py:4 a postgres 12", "data/__main__.py:6 b postgres 11"];
    require(&all, Some("production"), &found);
    let lost = declared(&all, None);
    assert!(lost[0].ends_with("config.get('version') at line 4: no stack given, of production, staging"), "{lost:?}");
}

#[test]
fn imports_are_followed_inside_the_repository() {
    let config = ("infra/config.py", "MAJOR = 16\nPG_VERSION = f'{MAJOR}.3'\nclass Db:\n  NAME = 'app'\n");
    for import in [
        "from config import PG_VERSION as V",
        "import config\nV = config.PG_VERSION",
        "from config import *\nV = PG_VERSION",
        "from lib import V",
        "from lib.deep import V",
        "import lib.deep as deep\nV = deep.V",
        "import lib.deep\nV = lib.deep.V",
        "from lib import deep\nV = deep.V",
    ] {
        let code = format!("{import}\nfrom lib.aws import rds\nrds.Instance('a', engine='postgres', engine_version=V)");
        let files = [
            config,
            ("infra/lib/__init__.py", "from .deep import V\n"),
            ("infra/lib/deep.py", "from config import PG_VERSION as V\n"),
            ("infra/lib/aws.py", "from pulumi_aws import rds\n"),
            ("infra/__main__.py", &code),
        ];
        require(&files, None, &["infra/config.py:2 a postgres 16.3"]);
    }
    let program =
        "from config import V\nfrom pulumi_aws import rds\nrds.Instance('a', engine='postgres', engine_version=V)";
    let program = ("infra/a.py", program);
    let two = [("config.py", "V = '12'"), ("infra/config.py", "V = '16'"), program, ("infra/Pulumi.yaml", "name: x")];
    require(&two, None, &["infra/config.py:1 a postgres 16"]);
    let found = declared(&two[..3], None);
    assert!(found[0].contains("there are 2 modules config"), "{found:?}");
    let missing = [("config.py", "W = '12'"), program];
    require(
        &missing,
        None,
        &["infra/a.py:3 a postgres V at line 3: it is imported from config.py, which does not set V"],
    );
    let ring = [("config.py", "from other import V"), ("other.py", "from config import V"), program];
    require(&ring, None, &["infra/a.py:3 a postgres V at line 3: it refers too far"]);
}

#[test]
fn arguments_are_followed_where_every_call_is_known() {
    let make = "def make(name, version='12', **rest):
  return aws.rds.Instance(f'{name}-db', engine='postgres', engine_version=version, **rest)
";
    let calls = |calls: &str| program(&format!("{make}{calls}"), None);
    let lost = ["__main__.py:4 f'{name}-db' postgres version at line 4: it is a parameter"];
    assert_eq!(calls(""), lost);
    assert_eq!(calls("make('app', '16.3')"), ["__main__.py:5 app-db postgres 16.3"]);
    let two = calls("make('app', version='16.3')\nmake('old')\n");
    assert_eq!(two, ["__main__.py:3 old-db postgres 12", "__main__.py:5 app-db postgres 16.3"]);
    assert_eq!(calls("make('app')\nother = make\n"), lost);
    let each = calls("for n, v in {'a': '15', 'b': '16'}.items():\n  make(n, v)\n");
    assert_eq!(each, ["__main__.py:5 a-db postgres 15", "__main__.py:5 b-db postgres 16"]);
    let class = "import pulumi_aws as aws
class Db:
  def __init__(self, name, *, version):
    self.version = version
    self.make(name)
  def make(self, name):
    aws.rds.Instance(name, engine='postgres', engine_version=self.version)
";
    let files = [
        ("lib/db.py", class),
        ("tests/test_db.py", "from lib.db import Db\nDb('t', version='9.6')\n"),
        ("app.py", "from lib.db import Db as D\nV = '16.3'\nD('a',\n  version=V)\nD('b', version='15')\n"),
    ];
    require(&files, None, &["app.py:2 a postgres 16.3", "app.py:5 b postgres 15"]);
    for (body, expected) in [
        ("pass", "more.py:4 c postgres 14"),
        ("def __init__(self, n):\n    super().__init__(n, version='13')", "more.py:4 c postgres 13"),
        ("def make(self, name): ...", ""),
    ] {
        let made = if body.contains("super") { "E('c')" } else { "E('c',version='14')" };
        let more = format!("from lib.db import Db\nclass E(Db):\n  {body}\n{made}\n");
        let found = declared(&[files[0], files[2], ("more.py", &more)], None);
        let mut all = vec!["app.py:2 a postgres 16.3", "app.py:5 b postgres 15"];
        all.extend(Some(expected).filter(|line| !line.is_empty()));
        assert_eq!(found, all, "{body}");
    }
}

const RELATED: &str =
    "main = aws.rds.Instance('main', args=aws.rds.InstanceArgs(engine='postgres', engine_version='16.3'))
aws.rds.Instance('own', replicate_source_db=main.identifier, engine_version='16.4')
aws.rds.Instance('same', replicate_source_db=main.arn)
aws.rds.Instance('copied', engine=main.engine, engine_version=main.engine_version)
my = aws.rds.Instance('my', engine='mysql', engine_version='8.0')
aws.rds.Instance('mine', replicate_source_db=my.id, engine_version='8.0')
aws.rds.Cluster('c', engine='aurora-postgresql', engine_version='15.4',
  opts=pulumi.ResourceOptions(ignore_changes=['engine_version']))
aws.rds.ClusterInstance('i', engine='aurora-postgresql', engine_version='15.4')
pg = aws.rds.ParameterGroup('pg', family='postgres16', parameters=[
  {'name': 'a', 'value': '1'}, aws.rds.ParameterGroupParameterArgs(name='b', value='2')])
aws.rds.Instance('grouped', {'engine_version': '16'}, parameter_group_name=pg.name)
";

#[test]
fn replicas_groups_and_options_are_read() {
    let code = format!("{PULUMI}{RELATED}");
    let folder = folder(&[("__main__.py", &code)]);
    let all = read_folder(folder.path(), None);
    let expected = [
        "__main__.py:3 copied postgres 16.3",
        "__main__.py:3 main postgres 16.3",
        "__main__.py:3 same postgres 16.3",
        "__main__.py:4 own postgres 16.4",
        "__main__.py:9 c aurora-postgresql 15.4",
        "__main__.py:14 grouped postgres 16",
    ];
    assert_eq!(lines(&all), expected);
    let one = |name: &str| all.iter().find(|one| one.resource == name).unwrap();
    let group = one("grouped").parameter_group.as_ref().unwrap();
    assert_eq!(group.family.as_ref().unwrap().value.as_deref(), Some("postgres16"));
    assert_eq!(group.parameters.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(one("c").setting("ignored_version").unwrap().line, 10);
    assert_eq!(one("same").replica_of.as_deref(), Some("main"));
}

#[test]
fn what_may_not_be_reached_does_not_count() {
    let code = "def make(stack):
  if stack == 'test':
    return
  elif stack == 'none':
    return None
  version = '12'
  if stack == 'new':
    version = '16'
  aws.rds.Instance('a', engine='postgres', engine_version=version)
";
    let made = |stack: &str| program(&format!("{code}make({stack})"), None);
    assert_eq!(made("'new'"), ["__main__.py:10 a postgres 16"]);
    assert_eq!(made("'old'"), ["__main__.py:8 a postgres 12"]);
    assert_eq!(made("'test'"), Vec::<String>::new());
    assert_eq!(made("'none'"), Vec::<String>::new());
    let lost = "stack == 'new' cannot be decided: stack at line 9: it is a parameter";
    assert_eq!(program(code, None), [format!("__main__.py:11 a postgres {lost}")]);
    let looped = "for n in ['a', 'b', 'c']:
  if n == 'b':
    continue
  aws.rds.Instance(n, engine='postgres', engine_version='16')
";
    assert_eq!(program(looped, None), ["__main__.py:6 a postgres 16", "__main__.py:6 c postgres 16"]);
}

#[test]
fn what_may_be_another_is_not_guessed() {
    let class = "class O:
  version = '12'
  def __init__(self, version=None):
    if version:
      self.version = version
  def get(self, v):
    return v
";
    for (expression, before, expected) in [
        ("O().version", class, "12"),
        ("O('16').version", class, "16"),
        ("O.get(O(), '16')", class, "16"),
        ("O().get('16')", class, "16"),
        (
            "O(unknown()).version",
            class,
            "version cannot be decided: unknown at line 100: it is not declared in this file",
        ),
        ("list(d.values())[0]", "d = {'b': '12', 'a': '16'}", "list(d.values()) at line 100: its order is not known"),
        ("sorted(d)[0]", "d = ['16', '12']", "sorted(d) at line 100: its order is not known"),
        ("'16' if 'a' in d.keys() else '12'", "d = {'a': 1}", "16"),
        ("d['v']", "d = {'v': '16'} if unknown() else {'v': '16', 'w': 1}", "16"),
        (
            "d['w']",
            "d = {'v': '16'} if unknown() else {'v': '16', 'w': 1}",
            "unknown() cannot be decided: unknown at line 3: it is not declared in this file",
        ),
    ] {
        assert_eq!(version(expression, before, None), expected, "{before} {expression}");
    }
    let imported = "try:\n  import pulumi_aws as cloud\nexcept ImportError:\n  cloud = None\n";
    let found = program(&format!("{imported}cloud.rds.Instance('a', engine='postgres', engine_version='16')"), None);
    assert_eq!(found, ["__main__.py:7 a postgres 16"]);
}

#[test]
fn namesakes_are_not_taken() {
    let args = "('a', engine='postgres', engine_version='16.3')";
    for code in [
        "from rds import Instance\nInstance",
        "import acme_aws as aws\naws.rds.Instance",
        "import pulumi_aws as aws\naws.ec2.Instance",
        "import pulumi_aws as aws\naws.rds.ClusterInstance",
        "import pulumi_aws as aws\naws.rds.Instance.get",
        "import pulumi_aws as aws\naws.rds.get_instance",
        "import pulumi_aws as aws\naws.neptune.Cluster",
        "import pulumi_aws as aws\naws.docdb.Cluster",
        "rds.Instance",
        "import pulumi_aws as aws\nclass aws:\n  class rds:\n    Instance = print\naws.rds.Instance",
    ] {
        require_none(&[("a.py", &format!("{code}{args}"))]);
    }
    for code in [
        "# aws.rds.Instance('a', engine='postgres', engine_version='16.3')",
        "'''\naws.rds.Instance('a', engine='postgres', engine_version='16.3')\n'''",
        "x = \"aws.rds.Instance('a', engine='postgres', engine_version='16.3')\"",
        "aws.rds.Instance('a', engine='mysql', engine_version='8.0')",
        "if False:\n  aws.rds.Instance('a', engine='postgres', engine_version='16.3')",
        "for x in []:\n  aws.rds.Instance('a', engine='postgres', engine_version='16.3')",
    ] {
        require_none(&[("a.py", &format!("{PULUMI}{code}"))]);
    }
}
