//! What `ext.dropped-along` says goes with an extension, against what the server really drops.

use std::collections::BTreeSet;

use crate::support;
use crate::world::{create_database, inside, look, rows, run, texts, world};

/// What a person made, by kind and name. The index of a constraint is a part of it.
const OBJECTS: &str = "
SELECT i.type || ' ' || i.identity
FROM (
  SELECT 'pg_class'::regclass AS class, c.oid, 0 AS part FROM pg_class c
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'i') AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype <> 'f')
  UNION ALL SELECT 'pg_class'::regclass, a.attrelid, a.attnum FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL SELECT 'pg_proc'::regclass, oid, 0 FROM pg_proc
  UNION ALL SELECT 'pg_constraint'::regclass, oid, 0 FROM pg_constraint
  UNION ALL SELECT 'pg_type'::regclass, oid, 0 FROM pg_type WHERE typtype = 'd'
  UNION ALL SELECT 'pg_trigger'::regclass, oid, 0 FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT 'pg_operator'::regclass, oid, 0 FROM pg_operator
  UNION ALL SELECT 'pg_extension'::regclass, oid, 0 FROM pg_extension
) o
CROSS JOIN LATERAL pg_identify_object(o.class, o.oid, o.part) i
WHERE o.oid >= 16384
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e')
  AND i.schema IS DISTINCT FROM 'pg_toast' AND i.identity NOT LIKE '% on ext.%'";

const SETUP: &str = "
CREATE SCHEMA ext;
CREATE EXTENSION cube SCHEMA ext;
CREATE EXTENSION earthdistance SCHEMA ext;
CREATE EXTENSION btree_gist SCHEMA ext;
SET search_path = public, ext;
CREATE DOMAIN place AS cube CHECK (cube_dim(VALUE) = 3);
CREATE TABLE plain (id int PRIMARY KEY, name text, EXCLUDE USING gist (id WITH =));
CREATE TABLE boxes (id int PRIMARY KEY, c cube DEFAULT '(1)'::cube, \"Place\" place, plain_id int REFERENCES plain);
CREATE TABLE parts (id int, c cube) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (9);
CREATE TABLE lines (id int, big boolean GENERATED ALWAYS AS (cube_dim(cube(id)) > 1) STORED, n int DEFAULT cube_dim('(1)'::cube));
CREATE INDEX boxes_c ON boxes USING gist (c);
CREATE INDEX boxes_expression ON boxes ((cube_dim(c) + id));
CREATE INDEX plain_gist ON plain USING gist (name gist_text_ops);
CREATE VIEW seen AS SELECT id, cube_dim(c) AS dim FROM boxes;
CREATE MATERIALIZED VIEW kept AS SELECT id, dim FROM seen;
CREATE VIEW over AS SELECT id FROM kept;
CREATE VIEW other AS SELECT id FROM boxes;
CREATE FUNCTION size(cube) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION untouched(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION looks() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER looks BEFORE UPDATE OF c ON boxes FOR EACH ROW EXECUTE FUNCTION looks();
ALTER TABLE boxes ADD CONSTRAINT small CHECK (cube_dim(c) < 9);
CREATE OPERATOR ### (LEFTARG = cube, RIGHTARG = int, FUNCTION = ext.cube_coord);
CREATE FUNCTION distance(a int) RETURNS float8 LANGUAGE sql BEGIN ATOMIC SELECT ext.sec_to_gc(a); END;
";

#[tokio::test]
async fn what_is_listed_is_what_goes() {
    for (major, extension) in [(14, "cube"), (16, "cube"), (16, "btree_gist"), (18, "earthdistance")] {
        let (server, admin) = world(major).await;
        create_database(&admin, "app").await;
        let app = support::connect(&server, "app").await;
        run(&app, SETUP).await;
        let rename =
            |from: &str, to: &str| format!("UPDATE pg_extension SET extname = '{to}' WHERE extname = '{from}'");
        // One that may have to be dropped.
        run(&app, &rename(extension, "pg_repack")).await;
        let facts = look(&server).await;
        let answer = rows(inside(&facts, "app"), "ext.dropped-along");
        let listed: BTreeSet<String> = (0..answer.rows.len())
            .filter(|at| answer.cell(*at, "extension") == Some("pg_repack"))
            .map(|at| format!("{} {}", answer.cell(at, "kind").unwrap(), answer.cell(at, "object").unwrap()))
            .collect();
        let objects = async || texts(&app, OBJECTS).await.into_iter().collect::<BTreeSet<String>>();
        run(&app, "SET search_path = pg_catalog").await;
        run(&app, &rename("pg_repack", extension)).await;
        let before = objects().await;
        run(&app, &format!("DROP EXTENSION {extension} CASCADE")).await;
        let after = objects().await;
        let mut gone: BTreeSet<String> = before.difference(&after).cloned().collect();
        gone.remove(&format!("extension {extension}"));
        // What goes with a default is the default; columns keep their names.
        let known: BTreeSet<String> = listed.iter().filter(|one| !one.starts_with("default value")).cloned().collect();
        assert_eq!(known, gone, "{extension} on {major}: {listed:#?}");
        assert!(!gone.is_empty());
    }
}
