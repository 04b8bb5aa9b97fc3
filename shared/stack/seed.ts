// A small catalogue to begin with, put into stock as a person would do it: over HTTP.

const CATALOGUE = { "TEA-001": 1_000, "TEA-002": 500, "MUG-001": 250, "POT-001": 100, "TIN-001": 5 };

/** Stocks the demo catalogue through the inventory service at `url`. A second time changes nothing. */
export async function seed(url: string): Promise<void> {
  for (const [sku, delta] of Object.entries(CATALOGUE)) {
    const response = await fetch(`${url}/stock/${sku}/adjustments`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": `demo-catalogue-${sku}` },
      body: JSON.stringify({ delta, reason: "demo catalogue" }),
    });
    if (!response.ok) throw new Error(`the demo catalogue could not be stocked: ${await response.text()}`);
  }
}
