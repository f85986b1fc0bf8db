import { Select } from '../../ui/Select';
import { isSet } from '../check';
import type { ControlProps, Ties } from '../FieldRow';
import type { FieldOf } from '../fields';

const UNSET = '';

export function ChoiceControl({ field, ties, value, onChange }: ControlProps<FieldOf<'choice'>> & { ties: Ties }) {
  const at = field.choices.findIndex((choice) => choice.value === (isSet(value) ? value : field.default));
  const chosen = field.choices[at];
  const optional = field.default === undefined;
  return (
    <>
      <Select
        {...ties}
        value={chosen ? String(at) : UNSET}
        onChange={(event) => {
          const next = field.choices[Number(event.target.value)];
          const unset = event.target.value === UNSET || next === undefined || next.value === field.default;
          onChange(unset ? undefined : next.value);
        }}
      >
        {(optional || !chosen) && <option value={UNSET}>{isSet(value) && !chosen ? String(value) : field.required ? 'Choose…' : 'Automatic'}</option>}
        {field.choices.map((choice, index) => (
          <option key={index} value={String(index)}>
            {choice.title}
          </option>
        ))}
      </Select>
      {chosen?.description !== undefined && <p className="field-help">{chosen.description}</p>}
    </>
  );
}
