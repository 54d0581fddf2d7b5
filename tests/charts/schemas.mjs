// Validates objects against Kubernetes' own types, unknown keys included.
import Ajv from 'ajv';
import path from 'node:path';
import {createGenerator} from 'ts-json-schema-generator';

const here = import.meta.dirname;
const schema = createGenerator({
  path: path.join(here, 'objects.ts'),
  type: 'Objects',
  additionalProperties: false,
  skipTypeCheck: true,
  expose: 'none',
}).createSchema('Objects');
const ajv = new Ajv({strict: false, allErrors: true});
ajv.addSchema(schema, 'objects');

// What is wrong with an object: a list of texts, empty when nothing is.
export function problemsOf(object, kind = object.kind) {
  if (!schema.definitions.Objects.properties[kind]) return [`objects.ts has no ${kind}`];
  const validate = ajv.getSchema(`objects#/definitions/Objects/properties/${kind}`);
  if (validate(object)) return [];
  return validate.errors.map(({instancePath, message, params}) =>
    `${kind}${instancePath} ${message} ${params.additionalProperty ?? ''}`.trim());
}
