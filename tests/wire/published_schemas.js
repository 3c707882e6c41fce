// What packages of npm publish of the types and arguments that `discover` writes, as JSON. Argument: the folder of the unpacked
// @cdktf/provider-aws and @pulumi/aws; @aws-cdk/aws-service-spec is found by NODE_PATH.
"use strict";
const fs = require("fs");
const { loadAwsServiceSpecSync } = require("@aws-cdk/aws-service-spec");

const folder = process.argv[2];
const read = (file) => fs.readFileSync(`${folder}/${file}`, "utf8");
// "mailFromDomain?: string" of an interface, as Terraform spells it
const members = (source, name) => {
  const body = source.match(new RegExp(`export interface ${name}\\b[^{]*\\{([\\s\\S]*?)\\n\\}`))[1];
  return [...body.matchAll(/^ {4}readonly (\w+)/gm)].map((m) => m[1].replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`));
};

const resource = read("cdktf/package/lib/sesv2-email-identity-mail-from-attributes/index.d.ts");
const provider = read("cdktf/package/lib/provider/index.d.ts");
const pulumi = read("pulumi/package/sesv2/emailIdentityMailFromAttributes.js");
const database = loadAwsServiceSpecSync();
const identity = [...database.lookup("resource", "cloudFormationType", "equals", "AWS::SES::EmailIdentity")][0];
const attributes = database.get("typeDefinition", identity.properties.MailFromAttributes.type.reference.$ref);

console.log(JSON.stringify({
  resource: resource.match(/tfResourceType = "(\w+)"/)[1],
  resource_arguments: members(resource, "Sesv2EmailIdentityMailFromAttributesConfig"),
  provider_arguments: members(provider, "AwsProviderConfig"),
  role_arguments: members(provider, "AwsProviderAssumeRole"),
  token: pulumi.match(/__pulumiType = '([^']+)'/)[1],
  properties: Object.keys(identity.properties),
  mail_from_properties: Object.keys(attributes.properties),
  identifier: identity.primaryIdentifier,
}));
