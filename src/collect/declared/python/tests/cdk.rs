use crate::collect::declared::testing::{declared, folder, lines, read_folder, require};

const CDK: &str = "from aws_cdk import Duration, Stack, aws_rds as rds
class Data(Stack):
    def __init__(self, scope):
";

/// As the body of a method.
fn indented(code: &str) -> String {
    format!("        {}\n", code.trim_end().replace('\n', "\n        "))
}

/// What is declared in the constructor of a stack of the CDK, whose lines begin at line 4.
fn stack(code: &str) -> Vec<String> {
    let body = indented(code);
    declared(&[("app.py", &format!("{CDK}{body}"))], None)
}

#[test]
fn the_cdk_says_versions_by_constants() {
    for (version, expected) in [
        ("rds.PostgresEngineVersion.VER_16_3", "16.3"),
        ("rds.PostgresEngineVersion.VER_16", "16"),
        ("rds.PostgresEngineVersion.VER_11_22_RDS_20240418", "11.22-rds.20240418"),
        ("rds.PostgresEngineVersion.of('16.3', '16')", "16.3"),
        ("rds.PostgresEngineVersion.of(postgres_full_version='16.3', postgres_major_version='16')", "16.3"),
        ("getattr(rds.PostgresEngineVersion, 'VER_16_3')", "16.3"),
        ("rds.PostgresEngineVersion.LATEST", "rds.PostgresEngineVersion.LATEST at line 4: its name is no version"),
        ("rds.PostgresEngineVersion.of(v, '16')", "v at line 4: it is not declared in this file"),
    ] {
        let code =
            format!("rds.DatabaseInstance(self, 'Db', engine=rds.DatabaseInstanceEngine.postgres(version={version}))");
        assert_eq!(stack(&code), [format!("app.py:4 Db postgres {expected}")]);
    }
    let all = stack(
        "version = rds.AuroraPostgresEngineVersion.VER_15_4
engine = rds.DatabaseClusterEngine.aurora_postgres(version=version)
rds.DatabaseCluster(self, 'C', engine=engine)
rds.ServerlessCluster(self, 'S', engine=engine)
rds.DatabaseClusterFromSnapshot(self, 'F', engine=engine, snapshot_identifier='s')
rds.DatabaseInstance(self, 'N', engine=rds.DatabaseInstanceEngine.POSTGRES)
rds.DatabaseInstance(self, 'M', engine=rds.DatabaseInstanceEngine.MYSQL)
rds.DatabaseInstance(self, 'O', engine=rds.DatabaseInstanceEngine.mysql(version=rds.MysqlEngineVersion.VER_8_0_32))
rds.DatabaseInstance(self, 'U', engine=make())
rds.CfnDBInstance(self, 'L', engine='postgres', engine_version='14.10', db_instance_identifier='l')
rds.CfnDBInstance(self, 'I', engine='aurora-postgresql', db_cluster_identifier='c')
rds.CfnDBCluster(self, 'K', engine='aurora-postgresql', engine_version='15.3')
rds.DatabaseInstance.from_database_instance_attributes(self, 'X', engine=engine)",
    );
    let expected = [
        "app.py:4 C aurora-postgresql 15.4",
        "app.py:4 F aurora-postgresql 15.4",
        "app.py:4 S aurora-postgresql 15.4",
        "app.py:9 N postgres rds.DatabaseInstanceEngine.POSTGRES at line 9: it names no version",
        "app.py:12 U postgres the engine cannot be known: make at line 12: it is not declared in this file",
        "app.py:13 L postgres 14.10",
        "app.py:15 K aurora-postgresql 15.3",
    ];
    assert_eq!(all, expected);
}

#[test]
fn the_cdk_relates_replicas_groups_and_overrides() {
    let code = "engine = rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_16_3)
group = rds.ParameterGroup(self, 'Pg', engine=engine, parameters={'a': '1'})
group.add_parameter('b', '2')
db = rds.DatabaseInstance(self, 'Db', engine=engine, parameter_group=group, instance_identifier='db',
    backup_retention=Duration.days(7), deletion_protection=True, allow_major_version_upgrade=True)
rds.DatabaseInstanceReadReplica(self, 'Rep', source_database_instance=db)
rds.DatabaseInstanceReadReplica(self, 'Far', source_database_instance=elsewhere)
low = rds.DatabaseInstance(self, 'Low', engine=engine)
low.node.default_child.add_property_override('EngineVersion', '15.4')
own = rds.DatabaseInstance(self, 'Own', engine=engine, parameters={'c': '3'})
cfn = own.node.default_child
cfn.engine_version = '14.10'
";
    let body = indented(code);
    let folder = folder(&[("app.py", &format!("{CDK}{body}"))]);
    let all = read_folder(folder.path(), None);
    let expected = [
        "app.py:4 Db postgres 16.3",
        "app.py:4 Rep postgres 16.3",
        "app.py:10 Far postgres the engine cannot be known: elsewhere at line 10: it is not declared in this file",
        "app.py:12 Low postgres 15.4",
        "app.py:15 Own postgres 14.10",
    ];
    assert_eq!(lines(&all), expected);
    let (db, own) = (&all[0], &all[4]);
    assert_eq!(db.identifier.as_deref(), Some("db"));
    assert_eq!(db.setting("backup_retention_period").unwrap().value.as_deref(), Some("7"));
    let group = db.parameter_group.as_ref().unwrap();
    assert_eq!((group.resource.as_str(), group.parameters.len()), ("Pg", 2));
    assert_eq!(group.family.as_ref().unwrap().value.as_deref(), Some("postgres16"));
    let made = own.parameter_group.as_ref().unwrap();
    assert_eq!(made.family.as_ref().unwrap().value.as_deref(), Some("postgres16"));
    assert_eq!(made.parameters.keys().collect::<Vec<_>>(), ["c"]);
    let lost = stack(
        "rds.DatabaseInstance(self, 'Db', engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_16_3))
other().add_property_override('EngineVersion', '15')",
    );
    assert_eq!(lost, ["app.py:4 Db postgres it may be overridden at line 5"]);
}

#[test]
fn stacks_are_read_as_they_are_made() {
    let stack = "from aws_cdk import Stack, aws_rds as rds
class Data(Stack):
    def __init__(self, scope, id, *, version=rds.PostgresEngineVersion.VER_14_10, prefix='', **kwargs):
        super().__init__(scope, id, **kwargs)
        self.db = Database(self, f'{prefix}Db', version)
        rds.DatabaseInstanceReadReplica(self, 'Rep', source_database_instance=self.db)
class Database(rds.DatabaseInstance):
    def __init__(self, scope, id, version, **kwargs):
        super().__init__(scope, id, engine=rds.DatabaseInstanceEngine.postgres(version=version), **kwargs)
";
    let app = "import aws_cdk as cdk
from aws_cdk.aws_rds import PostgresEngineVersion as Pg
from stacks.data import Data
app = cdk.App()
Data(app, 'Staging', version=Pg.of(
    app.node.try_get_context('pg'), '16'))
Data(app, 'Production', prefix='Main')
";
    let files =
        [("stacks/data.py", stack), ("app.py", app), ("cdk.json", "{\n \"context\": {\n  \"pg\": \"16.3\"\n }\n}")];
    let expected = [
        "cdk.json:3 Db postgres 16.3",
        "cdk.json:3 Rep postgres 16.3",
        "stacks/data.py:3 MainDb postgres 14.10",
        "stacks/data.py:3 Rep postgres 14.10",
    ];
    require(&files, None, &expected);
}
