// Generated from schemas/ by `npm run schemas -- generate`. Do not edit.
//
// Every event has a type as it is read, with all its fields. Where a field has a default there is also a type as it is
// written, New..., in which that field may be left out.
//
// An Avro long is a number here: a whole one from -2^52 to 2^53 - 2 (MIN_LONG and MAX_LONG in long.ts). JavaScript and
// avsc would change others on the way, so they are refused, when they are written and when they are read.

import type { Settings } from "../schemas/event.ts";
import type { AvroSchema } from "./avro.ts";

/** Somebody wants the order cancelled; shipping knows whether it is too late. */
export interface OrderCancellationRequested {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  /** Who asks: customer, unless somebody else does it for them. */
  requestedBy: string;
  /** Why, in their words. */
  reason: null | string;
}

/** Somebody wants the order cancelled; shipping knows whether it is too late. */
export interface NewOrderCancellationRequested {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  /** Who asks: customer, unless somebody else does it for them. */
  requestedBy: string;
  /** Why, in their words. */
  reason?: null | string;
}

/** The order ended without goods or money changing hands. Terminal. */
export interface OrderCancelled {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  /** An open set: out-of-stock, payment-declined, shipment-failed. */
  reason: string;
  /** What the service that refused had to say. */
  detail: null | string;
}

/** The order ended without goods or money changing hands. Terminal. */
export interface NewOrderCancelled {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  /** An open set: out-of-stock, payment-declined, shipment-failed. */
  reason: string;
  /** What the service that refused had to say. */
  detail?: null | string;
}

/** The order ended well: paid for, and the goods have left. Terminal. */
export interface OrderCompleted {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
}

/** A customer's order was accepted. */
export interface OrderCreated {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  customerId: string;
  email: string;
  /** A TRIAL order is collected in person: no carrier is booked. */
  plan: "STANDARD" | "TRIAL";
  /** ISO 4217. */
  currency: string;
  shipTo: OrderCreated_Address;
  lines: OrderCreated_OrderLine[];
  /** The sum of quantity times unit price over the lines. */
  totalCents: number;
  /** Stands for the customer's card at the gateway; never the card itself. */
  paymentToken: string;
  /** How quickly the goods should travel. Orders from before there was a choice are STANDARD. */
  shippingPriority: "STANDARD" | "EXPRESS";
}

export interface OrderCreated_Address {
  name: string;
  line1: string;
  city: string;
  postcode: string;
  /** ISO 3166-1 alpha-2. */
  country: string;
}

export interface OrderCreated_OrderLine {
  sku: string;
  quantity: number;
  /** In the order's currency. */
  unitPriceCents: number;
}

/** A customer's order was accepted. */
export interface NewOrderCreated {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  customerId: string;
  email: string;
  /** A TRIAL order is collected in person: no carrier is booked. */
  plan: "STANDARD" | "TRIAL";
  /** ISO 4217. */
  currency: string;
  shipTo: OrderCreated_Address;
  lines: OrderCreated_OrderLine[];
  /** The sum of quantity times unit price over the lines. */
  totalCents: number;
  /** Stands for the customer's card at the gateway; never the card itself. */
  paymentToken: string;
  /** How quickly the goods should travel. Orders from before there was a choice are STANDARD. */
  shippingPriority?: "STANDARD" | "EXPRESS";
}

/** The gateway holds the order's total for us. */
export interface PaymentAuthorized {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  /** The gateway's. */
  reference: string;
  amountCents: number;
  currency: string;
}

/** The held amount is ours. */
export interface PaymentCaptured {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  /** The gateway's. */
  reference: string;
  amountCents: number;
  currency: string;
}

/** The gateway refused, or never answered: then it may hold the amount until it is voided. */
export interface PaymentDeclined {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  reason: string;
  decidedBy: "GATEWAY" | "DEADLINE";
}

/** The gateway refused, or never answered: then it may hold the amount until it is voided. */
export interface NewPaymentDeclined {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  reason: string;
  decidedBy?: "GATEWAY" | "DEADLINE";
}

/** The held amount is the customer's again. */
export interface PaymentVoided {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  /** The gateway's. */
  reference: string;
  amountCents: number;
  currency: string;
}

/** The order may be charged. */
export interface RiskCleared {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  /** 0 to 100. */
  score: number;
  reasons: string[];
  decidedBy: "RULES" | "OPERATOR" | "DEADLINE";
  /** What the person had to say who decided. */
  note: null | string;
}

/** The order may be charged. */
export interface NewRiskCleared {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  /** 0 to 100. */
  score: number;
  reasons: string[];
  decidedBy: "RULES" | "OPERATOR" | "DEADLINE";
  /** What the person had to say who decided. */
  note?: null | string;
}

/** The order waits for a person. */
export interface RiskFlagged {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  /** 0 to 100. */
  score: number;
  reasons: string[];
  /** When the wait ends by itself. */
  decideBy: number;
}

/** The order may not be charged: a person said so, or nobody said anything in time. */
export interface RiskRejected {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  /** 0 to 100. */
  score: number;
  /** Why it was flagged. */
  reasons: string[];
  decidedBy: "RULES" | "OPERATOR" | "DEADLINE";
  /** What the person had to say who decided. */
  note: null | string;
}

/** The order may not be charged: a person said so, or nobody said anything in time. */
export interface NewRiskRejected {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  /** 0 to 100. */
  score: number;
  /** Why it was flagged. */
  reasons: string[];
  decidedBy: "RULES" | "OPERATOR" | "DEADLINE";
  /** What the person had to say who decided. */
  note?: null | string;
}

/** The carrier has the goods. */
export interface ShipmentDispatched {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  carrier: string;
  tracking: string;
}

/** The carrier refused, or never answered; the goods stay. */
export interface ShipmentFailed {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  reason: string;
  decidedBy: "CARRIER" | "DEADLINE";
}

/** The carrier refused, or never answered; the goods stay. */
export interface NewShipmentFailed {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  reason: string;
  decidedBy?: "CARRIER" | "DEADLINE";
}

/** No carrier is needed: the goods are collected in person, and leave all the same. */
export interface ShipmentWaived {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
}

/** A cancellation came before the goods left; they stay. */
export interface ShipmentWithdrawn {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  /** Why the order was to be cancelled. */
  reason: null | string;
}

/** A cancellation came before the goods left; they stay. */
export interface NewShipmentWithdrawn {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  /** Why the order was to be cancelled. */
  reason?: null | string;
}

/** Stock on hand was changed by a person: a delivery, a count, a loss. */
export interface StockAdjusted {
  /** The last token of the subject. */
  sku: string;
  delta: number;
  reason: string;
}

/** The goods that were set aside have left. */
export interface StockCommitted {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  lines: StockCommitted_CommittedLine[];
}

export interface StockCommitted_CommittedLine {
  sku: string;
  quantity: number;
}

/** At least one line can't be had, so nothing was set aside. */
export interface StockRejected {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  shortages: StockRejected_Shortage[];
}

export interface StockRejected_Shortage {
  sku: string;
  requested: number;
  available: number;
}

/** What was set aside for the order is on hand again; nothing will be set aside for it any more. */
export interface StockReleased {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  /** Empty when nothing had been set aside. */
  lines: StockReleased_ReleasedLine[];
}

export interface StockReleased_ReleasedLine {
  sku: string;
  quantity: number;
}

/** Every line of the order is set aside. */
export interface StockReserved {
  /** The order, a UUID; the last token of the subject. */
  orderId: string;
  lines: StockReserved_ReservedLine[];
}

export interface StockReserved_ReservedLine {
  sku: string;
  quantity: number;
}

/** The data of each event type as it is read: the newest version, with all fields. */
export interface Facts {
  "order.cancellation-requested": OrderCancellationRequested;
  "order.cancelled": OrderCancelled;
  "order.completed": OrderCompleted;
  "order.created": OrderCreated;
  "payment.authorized": PaymentAuthorized;
  "payment.captured": PaymentCaptured;
  "payment.declined": PaymentDeclined;
  "payment.voided": PaymentVoided;
  "risk.cleared": RiskCleared;
  "risk.flagged": RiskFlagged;
  "risk.rejected": RiskRejected;
  "shipment.dispatched": ShipmentDispatched;
  "shipment.failed": ShipmentFailed;
  "shipment.waived": ShipmentWaived;
  "shipment.withdrawn": ShipmentWithdrawn;
  "stock.adjusted": StockAdjusted;
  "stock.committed": StockCommitted;
  "stock.rejected": StockRejected;
  "stock.released": StockReleased;
  "stock.reserved": StockReserved;
}

/** The data of each event type as it is written: fields with a default may be left out. */
export interface NewFacts {
  "order.cancellation-requested": NewOrderCancellationRequested;
  "order.cancelled": NewOrderCancelled;
  "order.completed": OrderCompleted;
  "order.created": NewOrderCreated;
  "payment.authorized": PaymentAuthorized;
  "payment.captured": PaymentCaptured;
  "payment.declined": NewPaymentDeclined;
  "payment.voided": PaymentVoided;
  "risk.cleared": NewRiskCleared;
  "risk.flagged": RiskFlagged;
  "risk.rejected": NewRiskRejected;
  "shipment.dispatched": ShipmentDispatched;
  "shipment.failed": NewShipmentFailed;
  "shipment.waived": ShipmentWaived;
  "shipment.withdrawn": NewShipmentWithdrawn;
  "stock.adjusted": StockAdjusted;
  "stock.committed": StockCommitted;
  "stock.rejected": StockRejected;
  "stock.released": StockReleased;
  "stock.reserved": StockReserved;
}

/** Every version of each event type's schema, from version 1 on. */
export const schemas: { readonly [Type in keyof Facts]: readonly AvroSchema[] } = {
  "order.cancellation-requested": [
    {"type":"record","name":"OrderCancellationRequested","namespace":"quadrille","doc":"Somebody wants the order cancelled; shipping knows whether it is too late.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"requestedBy","type":"string","doc":"Who asks: customer, unless somebody else does it for them."},{"name":"reason","type":["null","string"],"default":null,"doc":"Why, in their words."}]},
  ],
  "order.cancelled": [
    {"type":"record","name":"OrderCancelled","namespace":"quadrille","doc":"The order ended without goods or money changing hands. Terminal.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"reason","type":"string","doc":"An open set: out-of-stock, payment-declined, shipment-failed."},{"name":"detail","type":["null","string"],"default":null,"doc":"What the service that refused had to say."}]},
  ],
  "order.completed": [
    {"type":"record","name":"OrderCompleted","namespace":"quadrille","doc":"The order ended well: paid for, and the goods have left. Terminal.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."}]},
  ],
  "order.created": [
    {"type":"record","name":"OrderCreated","namespace":"quadrille","doc":"A customer's order was accepted.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"customerId","type":"string"},{"name":"email","type":"string"},{"name":"plan","type":{"type":"enum","name":"Plan","symbols":["STANDARD","TRIAL"],"default":"STANDARD"},"doc":"A TRIAL order is collected in person: no carrier is booked."},{"name":"currency","type":"string","doc":"ISO 4217."},{"name":"shipTo","type":{"type":"record","name":"Address","fields":[{"name":"name","type":"string"},{"name":"line1","type":"string"},{"name":"city","type":"string"},{"name":"postcode","type":"string"},{"name":"country","type":"string","doc":"ISO 3166-1 alpha-2."}]}},{"name":"lines","type":{"type":"array","items":{"type":"record","name":"OrderLine","fields":[{"name":"sku","type":"string"},{"name":"quantity","type":"int"},{"name":"unitPriceCents","type":"long","doc":"In the order's currency."}]}}},{"name":"totalCents","type":"long","doc":"The sum of quantity times unit price over the lines."},{"name":"paymentToken","type":"string","doc":"Stands for the customer's card at the gateway; never the card itself."}]},
    {"type":"record","name":"OrderCreated","namespace":"quadrille","doc":"A customer's order was accepted.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"customerId","type":"string"},{"name":"email","type":"string"},{"name":"plan","type":{"type":"enum","name":"Plan","symbols":["STANDARD","TRIAL"],"default":"STANDARD"},"doc":"A TRIAL order is collected in person: no carrier is booked."},{"name":"currency","type":"string","doc":"ISO 4217."},{"name":"shipTo","type":{"type":"record","name":"Address","fields":[{"name":"name","type":"string"},{"name":"line1","type":"string"},{"name":"city","type":"string"},{"name":"postcode","type":"string"},{"name":"country","type":"string","doc":"ISO 3166-1 alpha-2."}]}},{"name":"lines","type":{"type":"array","items":{"type":"record","name":"OrderLine","fields":[{"name":"sku","type":"string"},{"name":"quantity","type":"int"},{"name":"unitPriceCents","type":"long","doc":"In the order's currency."}]}}},{"name":"totalCents","type":"long","doc":"The sum of quantity times unit price over the lines."},{"name":"paymentToken","type":"string","doc":"Stands for the customer's card at the gateway; never the card itself."},{"name":"shippingPriority","type":{"type":"enum","name":"ShippingPriority","symbols":["STANDARD","EXPRESS"],"default":"STANDARD"},"default":"STANDARD","doc":"How quickly the goods should travel. Orders from before there was a choice are STANDARD."}]},
  ],
  "payment.authorized": [
    {"type":"record","name":"PaymentAuthorized","namespace":"quadrille","doc":"The gateway holds the order's total for us.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"reference","type":"string","doc":"The gateway's."},{"name":"amountCents","type":"long"},{"name":"currency","type":"string"}]},
  ],
  "payment.captured": [
    {"type":"record","name":"PaymentCaptured","namespace":"quadrille","doc":"The held amount is ours.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"reference","type":"string","doc":"The gateway's."},{"name":"amountCents","type":"long"},{"name":"currency","type":"string"}]},
  ],
  "payment.declined": [
    {"type":"record","name":"PaymentDeclined","namespace":"quadrille","doc":"The gateway refused.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"reason","type":"string"}]},
    {"type":"record","name":"PaymentDeclined","namespace":"quadrille","doc":"The gateway refused, or never answered: then it may hold the amount until it is voided.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"reason","type":"string"},{"name":"decidedBy","type":{"type":"enum","name":"DeclinedBy","symbols":["GATEWAY","DEADLINE"],"default":"GATEWAY"},"default":"GATEWAY"}]},
  ],
  "payment.voided": [
    {"type":"record","name":"PaymentVoided","namespace":"quadrille","doc":"The held amount is the customer's again.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"reference","type":"string","doc":"The gateway's."},{"name":"amountCents","type":"long"},{"name":"currency","type":"string"}]},
  ],
  "risk.cleared": [
    {"type":"record","name":"RiskCleared","namespace":"quadrille","doc":"The order may be charged.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"score","type":"int","doc":"0 to 100."},{"name":"reasons","type":{"type":"array","items":"string"}},{"name":"decidedBy","type":{"type":"enum","name":"DecidedBy","symbols":["RULES","OPERATOR","DEADLINE"],"default":"RULES"}}]},
    {"type":"record","name":"RiskCleared","namespace":"quadrille","doc":"The order may be charged.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"score","type":"int","doc":"0 to 100."},{"name":"reasons","type":{"type":"array","items":"string"}},{"name":"decidedBy","type":{"type":"enum","name":"DecidedBy","symbols":["RULES","OPERATOR","DEADLINE"],"default":"RULES"}},{"name":"note","type":["null","string"],"default":null,"doc":"What the person had to say who decided."}]},
  ],
  "risk.flagged": [
    {"type":"record","name":"RiskFlagged","namespace":"quadrille","doc":"The order waits for a person.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"score","type":"int","doc":"0 to 100."},{"name":"reasons","type":{"type":"array","items":"string"}},{"name":"decideBy","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the wait ends by itself."}]},
  ],
  "risk.rejected": [
    {"type":"record","name":"RiskRejected","namespace":"quadrille","doc":"The order may not be charged: a person said so, or nobody said anything in time.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"score","type":"int","doc":"0 to 100."},{"name":"reasons","type":{"type":"array","items":"string"},"doc":"Why it was flagged."},{"name":"decidedBy","type":{"type":"enum","name":"RejectedBy","symbols":["RULES","OPERATOR","DEADLINE"],"default":"RULES"}},{"name":"note","type":["null","string"],"default":null,"doc":"What the person had to say who decided."}]},
  ],
  "shipment.dispatched": [
    {"type":"record","name":"ShipmentDispatched","namespace":"quadrille","doc":"The carrier has the goods.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"carrier","type":"string"},{"name":"tracking","type":"string"}]},
  ],
  "shipment.failed": [
    {"type":"record","name":"ShipmentFailed","namespace":"quadrille","doc":"The carrier refused; the goods stay.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"reason","type":"string"}]},
    {"type":"record","name":"ShipmentFailed","namespace":"quadrille","doc":"The carrier refused, or never answered; the goods stay.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"reason","type":"string"},{"name":"decidedBy","type":{"type":"enum","name":"FailedBy","symbols":["CARRIER","DEADLINE"],"default":"CARRIER"},"default":"CARRIER"}]},
  ],
  "shipment.waived": [
    {"type":"record","name":"ShipmentWaived","namespace":"quadrille","doc":"No carrier is needed: the goods are collected in person, and leave all the same.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."}]},
  ],
  "shipment.withdrawn": [
    {"type":"record","name":"ShipmentWithdrawn","namespace":"quadrille","doc":"A cancellation came before the goods left; they stay.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"reason","type":["null","string"],"default":null,"doc":"Why the order was to be cancelled."}]},
  ],
  "stock.adjusted": [
    {"type":"record","name":"StockAdjusted","namespace":"quadrille","doc":"Stock on hand was changed by a person: a delivery, a count, a loss.","fields":[{"name":"sku","type":"string","doc":"The last token of the subject."},{"name":"delta","type":"long"},{"name":"reason","type":"string"}]},
  ],
  "stock.committed": [
    {"type":"record","name":"StockCommitted","namespace":"quadrille","doc":"The goods that were set aside have left.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"lines","type":{"type":"array","items":{"type":"record","name":"CommittedLine","fields":[{"name":"sku","type":"string"},{"name":"quantity","type":"int"}]}}}]},
  ],
  "stock.rejected": [
    {"type":"record","name":"StockRejected","namespace":"quadrille","doc":"At least one line can't be had, so nothing was set aside.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"shortages","type":{"type":"array","items":{"type":"record","name":"Shortage","fields":[{"name":"sku","type":"string"},{"name":"requested","type":"int"},{"name":"available","type":"long"}]}}}]},
  ],
  "stock.released": [
    {"type":"record","name":"StockReleased","namespace":"quadrille","doc":"What was set aside for the order is on hand again; nothing will be set aside for it any more.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"lines","type":{"type":"array","items":{"type":"record","name":"ReleasedLine","fields":[{"name":"sku","type":"string"},{"name":"quantity","type":"int"}]}},"doc":"Empty when nothing had been set aside."}]},
  ],
  "stock.reserved": [
    {"type":"record","name":"StockReserved","namespace":"quadrille","doc":"Every line of the order is set aside.","fields":[{"name":"orderId","type":"string","doc":"The order, a UUID; the last token of the subject."},{"name":"lines","type":{"type":"array","items":{"type":"record","name":"ReservedLine","fields":[{"name":"sku","type":"string"},{"name":"quantity","type":"int"}]}}}]},
  ],
};

/** The compatibility settings of the event types that have some of their own. */
export const settings: { readonly [Type in keyof Facts]?: Settings } = {
};
