// Where alerts are sent.
export function Delivery() {
  return null;
}
