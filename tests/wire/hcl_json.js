// HCL on standard input, read by HashiCorp's parser (@cdktf/hcl2json, found by NODE_PATH), as JSON.
"use strict";
const { parse } = require("@cdktf/hcl2json");

let text = "";
process.stdin.on("data", (part) => (text += part));
process.stdin.on("end", () => parse("written.tf", text).then((read) => console.log(JSON.stringify(read))));
