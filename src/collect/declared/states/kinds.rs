//! The types of resources that matter, and what of them becomes a database or a parameter group.

use memchr::memmem;

use crate::collect::declared::property::{
    GROUP_NAMES, PULUMI, PULUMI_NATIVE, Property, TERRAFORM, TERRAFORM_CC, Vocabulary,
};
use crate::collect::declared::resource::{Group, Kind, Program, Resource};
use crate::collect::declared::value::{Place, Spot, Value, normal};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Database(Kind),
    Group,
}

/// A type of resource. A cluster's instances are none: they have its version.
#[derive(Debug)]
pub(super) struct Type {
    name: &'static str,
    what: What,
    vocabulary: &'static Vocabulary,
}

const INSTANCE: What = What::Database(Kind::Instance);
const CLUSTER: What = What::Database(Kind::Cluster);

const fn of(name: &'static str, what: What, vocabulary: &'static Vocabulary) -> Type {
    Type { name, what, vocabulary }
}

const TYPES: [Type; 16] = [
    of("aws_db_instance", INSTANCE, &TERRAFORM),
    of("aws_rds_cluster", CLUSTER, &TERRAFORM),
    of("aws_db_parameter_group", What::Group, &TERRAFORM),
    of("aws_rds_cluster_parameter_group", What::Group, &TERRAFORM),
    of("awscc_rds_db_instance", INSTANCE, &TERRAFORM_CC),
    of("awscc_rds_db_cluster", CLUSTER, &TERRAFORM_CC),
    of("awscc_rds_db_parameter_group", What::Group, &TERRAFORM_CC),
    of("awscc_rds_db_cluster_parameter_group", What::Group, &TERRAFORM_CC),
    of("aws:rds/instance:Instance", INSTANCE, &PULUMI),
    of("aws:rds/cluster:Cluster", CLUSTER, &PULUMI),
    of("aws:rds/parameterGroup:ParameterGroup", What::Group, &PULUMI),
    of("aws:rds/clusterParameterGroup:ClusterParameterGroup", What::Group, &PULUMI),
    of("aws-native:rds:DbInstance", INSTANCE, &PULUMI_NATIVE),
    of("aws-native:rds:DbCluster", CLUSTER, &PULUMI_NATIVE),
    of("aws-native:rds:DbParameterGroup", What::Group, &PULUMI_NATIVE),
    of("aws-native:rds:DbClusterParameterGroup", What::Group, &PULUMI_NATIVE),
];

pub(super) fn type_of(name: &str) -> Option<&'static Type> {
    TYPES.iter().find(|one| one.name == name)
}

/// Whether a text names a type of database, as a whole word of JSON.
pub(super) fn mentions_database(text: &[u8]) -> bool {
    let databases = TYPES.iter().filter(|one| matches!(one.what, What::Database(_)));
    databases.into_iter().any(|one| {
        let name = one.name.as_bytes();
        memmem::find_iter(text, name).any(|at| {
            let before = at.checked_sub(1).and_then(|before| text.get(before));
            before == Some(&b'"') && text.get(at + name.len()) == Some(&b'"')
        })
    })
}

/// A cheap look at a resource: all names of types begin like one of these.
pub(super) fn may_be_one(text: &str) -> bool {
    const STARTS: [&str; 5] = ["\"aws_db_", "\"aws_rds_cluster", "\"awscc_rds_db_", "\"aws:rds/", "\"aws-native:rds:"];
    STARTS.iter().any(|start| memmem::find(text.as_bytes(), start.as_bytes()).is_some())
}

/// A resource of a state or plan.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub kind: &'static Type,
    /// No other of the document has it.
    pub key: String,
    pub name: String,
    pub at: Place,
    /// A map of what the code declared.
    pub declared: Spot,
    /// A map of what was last seen in AWS.
    pub actual: Spot,
    /// As the tool calls the thing in AWS.
    pub id: Option<String>,
    pub ignored: Option<Place>,
}

impl Found {
    /// Takes it into a program.
    pub(super) fn put(self, program: &mut Program) {
        match self.kind.what {
            What::Database(kind) => program.resources.extend(self.resource(kind)),
            What::Group => program.groups.push(self.group()),
        }
    }

    /// `None` of a cluster's member.
    fn resource(self, kind: Kind) -> Option<Resource> {
        let vocabulary = self.kind.vocabulary;
        let declared = |property| vocabulary.read(property, kind, &self.declared);
        let actual = |property| vocabulary.read(property, kind, &self.actual);
        let get = |property| match property {
            Property::Identifier => {
                let known = [actual(property), declared(property)].into_iter().find(|spot| spot.text().is_some());
                known.unwrap_or_else(|| Spot::new(self.identifier_of_id(), self.at.clone()))
            }
            Property::Engine => Some(declared(property)).filter(|spot| spot.text().is_some()).unwrap_or_else(|| {
                let seen = actual(property);
                if seen.is_nothing() { declared(property) } else { seen }
            }),
            Property::Source => identifier(declared(property)),
            _ => declared(property),
        };
        let mut resource = Resource::new(self.key.clone(), self.name.clone(), self.at.clone(), kind, vocabulary, get);
        let cluster = self.declared.named("dbclusteridentifier");
        let engine = resource.get(Property::Engine).and_then(Spot::text);
        if kind == Kind::Instance
            && (cluster.is_some_and(|spot| spot.text().is_some())
                || engine.is_some_and(|name| name.starts_with("aurora")))
        {
            return None;
        }
        let seen = |name: &str| self.actual.named(name).filter(|spot| !spot.is_nothing());
        let written = seen("engineversion");
        // Of a secret version, the one that runs is no less a secret.
        if written.as_ref().is_none_or(|spot| spot.lost().is_none()) {
            resource.actual = seen("engineversionactual").or(written).and_then(|spot| spot.text().map(str::to_owned));
        }
        resource.ignored = self.ignored;
        Some(resource)
    }

    /// Newer providers use the resource id, `db-ABC…` or `cluster-ABC…`, which is no identifier.
    /// <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/version-5-upgrade>
    fn identifier_of_id(&self) -> Value {
        let is_resource_id = |id: &str| id.chars().any(|c| c.is_ascii_uppercase());
        match &self.id {
            Some(id) if !is_resource_id(id) => Value::text(id.as_str()),
            _ => Value::Nothing,
        }
    }

    fn group(self) -> Group {
        let nothing = || Spot::new(Value::Nothing, self.at.clone());
        let written = |map: &Spot, name: &str| map.named(name).filter(|spot| !spot.is_nothing());
        let names = GROUP_NAMES;
        let identifier = [&self.actual, &self.declared]
            .into_iter()
            .flat_map(|map| names.iter().filter_map(move |name| written(map, &normal(name))))
            .find(|spot| spot.text().is_some());
        let first =
            |names: &[&str]| names.iter().find_map(|name| written(&self.declared, name)).unwrap_or_else(nothing);
        Group {
            family: first(&["family", "dbparametergroupfamily"]),
            parameters: first(&["parameter", "parameters"]),
            identifier: identifier.unwrap_or_else(nothing),
            key: self.key,
            name: self.name,
        }
    }
}

/// The identifier in an ARN: `arn:aws:rds:eu-west-1:123456789012:db:app`.
fn identifier(spot: Spot) -> Spot {
    match spot.text().and_then(|text| text.strip_prefix("arn:")?.rsplit(':').next()) {
        Some(name) => Spot::new(Value::text(name), spot.at.clone()),
        None => spot,
    }
}
