// node junit.cjs XMLLINT-PACKAGE SCHEMA FILE…: a line for each file, exit 1 when one is not valid.
const fs = require("fs");
const path = require("path");
const [xmllint, schema, ...files] = process.argv.slice(2);
const { validateXML, memoryPages } = require(path.resolve(xmllint));

async function main() {
  for (const file of files) {
    const { valid, errors } = await validateXML({
      xml: [{ fileName: path.basename(file), contents: fs.readFileSync(file, "utf8") }],
      schema: [fs.readFileSync(schema, "utf8")],
      maxMemoryPages: memoryPages.GiB,
    });
    console.log(`${path.basename(file)}: ${valid ? "valid" : errors.map((error) => error.rawMessage).join("; ")}`);
    if (!valid) process.exitCode = 1;
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 2;
});
