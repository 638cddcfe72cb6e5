declare const process: { env: Record<string, string> };

export const baseUrl = process.env.HITL_BASE_URL!;
export const apiKey = process.env.HITL_API_KEY!;
export const newStatus = process.env.NEW_STATUS!;

/** Throws unless what was found is what was expected, both as JSON. */
export function expect(found: unknown, expected: unknown): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
  if (left !== right) throw new Error(`found ${left}, expected ${right}`);
}
