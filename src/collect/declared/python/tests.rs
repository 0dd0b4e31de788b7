use crate::collect::declared::testing::{declared, require, require_none};

const PULUMI: &str = "import pulumi\nimport pulumi_aws as aws\n";
const CDK: &str = "from aws_cdk import Duration, Stack, aws_rds as rds\nself = Stack()\n";

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
        ("versions['db']['v']", "versions = {'db': {**base}}; base = {'v': '12'}".replace("versions = {'db': {**base}}; base = {'v': '12'}", "base = {'v': '16.3'}; versions = {'db': {**base}}").as_str()),
        ("merged['v']", "a = {'v': '12'}; merged = a | {'v': '16.3'}"),
        ("Versions.APP", "class Versions:\n  APP = '16.3'\n"),
        ("Versions.APP.value", "from enum import Enum\nclass Versions(str, Enum):\n  APP = '16.3'\n"),
        ("Versions('16.3').value", "from enum import Enum\nclass Versions(Enum):\n  APP = '16.3'\n"),
        ("settings.version", "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass S:\n  name: str\n  version: str = '16.3'\nsettings = S('x')\n"),
        ("settings.version", "from dataclasses import dataclass\n@dataclass\nclass S:\n  name: str\n  version: str = '12'\nsettings = S(name='x', version='16.3')\n"),
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
        ("pick()", "def pick():\n  match 'b':\n    case 'a':\n      return '12'\n    case 'b' | 'c':\n      return '16.3'\n    case _:\n      return '13'\n"),
    ] {
        assert_eq!(version(expression, before, None), "16.3", "{before} {expression}");
    }
}
