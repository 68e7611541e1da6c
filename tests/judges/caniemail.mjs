// What mail programs cannot show of these files, by caniemail.com's data.
// node caniemail.mjs NODE_MODULES FILE…: prints {"FILE": {"CLIENT": ["FEATURE", …]}}.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [tools, ...files] = process.argv.slice(2);
const { caniemail } = await import(pathToFileURL(`${tools}/caniemail/dist/index.js`));

const clients = ["gmail.*", "outlook.*", "apple-mail.*", "yahoo.*"];
const found = {};
for (const file of files) {
  const html = readFileSync(file, "utf8");
  found[file] = {};
  for (const [client, issues] of caniemail({ clients, html }).issues.errors) {
    found[file][client] = [...new Set(issues.map((issue) => issue.title))].sort();
  }
}
console.log(JSON.stringify(found));
