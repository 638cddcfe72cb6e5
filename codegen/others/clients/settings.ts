declare const process: { env: Record<string, string> };

export const baseUrl = process.env.HITL_BASE_URL!;
export const apiKey = process.env.HITL_API_KEY!;
export const newStatus = process.env.NEW_STATUS!;

/** Throws unless what was found is what was expected, both as JSON; the order of names does not matter. */
export function expect(found: unknown, expected: unknown): void {
  const [left, right] = [written(found), written(expected)];
  if (left !== right) throw new Error(`found ${left}, expected ${right}`);
}

function written(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    const isObject = typeof each === "object" && each !== null && !Array.isArray(each);
    return isObject ? Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1))) : each;
  });
}
