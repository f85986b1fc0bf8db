/** The manifest as the host sends it: JSON Schema 2020-12 with the annotations of `ui-schema/meta/`. */

export interface Manifest {
  version: number;
  nodes: NodeDeclaration[];
  credentials: CredentialDeclaration[];
}

export interface NodeDeclaration extends ObjectSchema {
  title: string;
  'x-node': {
    type: string;
    version: number;
    category: string;
    credentials: CredentialSlot[];
    inputPorts: Port[];
    outputPorts: Port[];
    capabilities: string[];
    /** An SVG. */
    icon: string;
    /** Markdown. */
    docs: string;
  };
}

export interface CredentialDeclaration extends Schema {
  title: string;
  'x-credential': { type: string; version: number; docs: string };
}

export interface Port {
  id: string;
  title: string;
  /** Most specific first. */
  types: string[];
  /** The node can't connect without it. */
  required?: boolean;
  /** Any number of connections. */
  many?: boolean;
}

export interface CredentialSlot {
  title: string;
  types: string[];
  required?: boolean;
  requiredUnless?: { input: string; value: string };
}

export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  writeOnly?: boolean;
  deprecated?: boolean;
  'x-ui'?: UiHint;
  'x-options'?: { method: string; dependsOn?: string[] };
  'x-deprecated'?: { since: number; instead?: string };
}

export interface ObjectSchema extends Schema {
  properties?: Record<string, Schema>;
}

export interface UiHint {
  placeholder?: string;
  group?: string;
  advanced?: boolean;
  widget?: string;
  unit?: string;
}
