// A stand-in for the provider hashicorp/aws, for Terraform itself to plan with: it has one resource, imports and reads it as
// the provider does, from facts that boto3 has read ({profiles: {name: account}, settings: {account/Region/identity:
// [MAIL FROM, behaviour]}} in the file of PROVIDER_FACTS), and changes nothing.
"use strict";
const fs = require("fs");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");
const msgpack = require("@msgpack/msgpack");

const facts = JSON.parse(fs.readFileSync(process.env.PROVIDER_FACTS));
const RESOURCE = "aws_sesv2_email_identity_mail_from_attributes";
let where = null; // "account/Region"

const attribute = (name, type, how) => ({ name, type: Buffer.from(JSON.stringify(type)), [how]: true });
const providerSchema = { version: 0, block: {
  attributes: [attribute("region", "string", "optional"), attribute("profile", "string", "optional"),
               attribute("allowed_account_ids", ["set", "string"], "optional")],
  block_types: [{ type_name: "assume_role", nesting: 2, block: {
    attributes: [attribute("role_arn", "string", "optional"), attribute("external_id", "string", "optional")] } }] } };
const resourceSchema = { version: 0, block: { attributes: [
  attribute("id", "string", "computed"), attribute("email_identity", "string", "required"),
  attribute("mail_from_domain", "string", "optional"), attribute("behavior_on_mx_failure", "string", "optional"),
  { ...attribute("region", "string", "optional"), computed: true }] } }; // since version 6

const decode = (value) => msgpack.decode(value.msgpack);
const encode = (value) => ({ msgpack: Buffer.from(msgpack.encode(value)) });
const trouble = (summary) => ({ diagnostics: [{ severity: 1, summary }] });

function configure({ config }) {
  const { region, profile, allowed_account_ids: allowed, assume_role: roles } = decode(config);
  const account = roles && roles.length ? roles[0].role_arn.split(":")[4] : facts.profiles[profile];
  if (!region || !account || (allowed && !allowed.includes(account)))
    return trouble(`the provider is not of an account: ${region}, ${profile}, ${allowed}, ${account}`);
  where = `${account}/${region}`;
  return {};
}

function imported({ type_name, id }) {
  const state = { id, email_identity: null, mail_from_domain: null, behavior_on_mx_failure: null, region: where.split("/")[1] };
  return { imported_resources: [{ type_name, state: encode(state) }] };
}

function read({ current_state: current }) {
  const { id, region } = decode(current);
  const setting = facts.settings[`${where}/${id}`];
  if (!setting)
    return { new_state: encode(null) };
  const [mail_from_domain, behavior_on_mx_failure] = setting;
  return { new_state: encode({ id, email_identity: id, mail_from_domain, behavior_on_mx_failure, region }) };
}

const answers = {
  GetSchema: () => ({ provider: providerSchema, resource_schemas: { [RESOURCE]: resourceSchema } }),
  PrepareProviderConfig: ({ config }) => ({ prepared_config: config }),
  ValidateResourceTypeConfig: () => ({}),
  UpgradeResourceState: ({ raw_state: raw }) => ({ upgraded_state: { json: raw.json } }),
  Configure: configure,
  ReadResource: read,
  PlanResourceChange: ({ proposed_new_state: proposed }) => ({ planned_state: proposed }),
  ApplyResourceChange: () => trouble("nothing is to be changed"),
  ImportResourceState: imported,
  Stop: () => ({}),
};

const definition = loader.loadSync(`${__dirname}/tfplugin5.proto`, { keepCase: true });
const { tfplugin5 } = grpc.loadPackageDefinition(definition);
const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
server.addService(tfplugin5.Provider.service, Object.fromEntries(
  Object.entries(answers).map(([name, answer]) => [name, (call, done) => {
    try {
      done(null, answer(call.request));
    } catch (error) {
      done(null, trouble(String(error)));
    }
  }])));
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error)
    throw error;
  process.stdout.write(`1|5|tcp|127.0.0.1:${port}|grpc|\n`);
});
process.on("SIGINT", () => {}); // Terraform ends it
