// Written by `make docs` from the API's document: change it there.
export interface AddressIn {
  name: string;
  phone: string;
  line1: string;
  line2?: string;
  city: string;
  state_code: string;
  pin: string;
}
export interface AddressOut {
  name: string;
  phone: string;
  line1: string;
  line2: string;
  city: string;
  state_code: string;
  pin: string;
}
export interface AmountsOut {
  gross_paise: number;
  taxable_paise: number;
  tax_paise: number;
  commission_paise: number;
  commission_gst_paise: number;
  tcs_paise: number;
  tds_paise: number;
  net_paise: number;
}
export interface ApiKeyIn {
  seller_id: string;
  scopes: Array<string>;
  name: string;
  mode?: "test" | "live";
  networks?: Array<string>;
  days?: number | null;
}
export interface ApiKeyOut {
  id: string;
  seller_id: string;
  scopes: Array<string>;
  name: string;
  mode: "test" | "live";
  networks: Array<string>;
  created: string;
  last_used: string | null;
  expires: string | null;
}
export interface ApiKeyPage {
  items: Array<ApiKeyOut>;
  next_cursor: string | null;
}
export interface Approval {
  vpa?: string;
  pin?: string | null;
  otp?: string | null;
}
export interface ArrivalView {
  provider: string;
  utr: string;
  movements: number;
  net_paise: number;
  fee_paise: number;
  tax_paise: number;
}
export interface AttemptOut {
  number: number;
  at: string;
  latency_ms: number;
  status: number | null;
  error: string | null;
  answer: string;
}
export interface AudienceOut {
  match_id: string;
  viewers: number;
  mbps: number;
  at: string;
  databases_away: number;
}
export interface Balance {
  account: string;
  debits_paise: number;
  credits_paise: number;
  balance_paise: number;
}
export interface BalanceOut {
  merchant_id: string;
  mode: "test" | "live";
  coming_paise: number;
  refunds_beyond_paise: number;
  held_paise: number;
  sending_paise: number;
}
export interface BalancePage {
  items: Array<Balance>;
  next_cursor: string | null;
  sum_paise: number;
}
export interface Beneficiary {
  name: string;
  account: string;
  ifsc: string;
}
export interface Bill {
  method: string;
  paid_with: string | null;
  id: string;
  payee: string;
  payee_vpa: string;
  amount: number;
  description: string;
  status: "created" | "authorized" | "deemed" | "captured" | "voided" | "failed" | "expired";
  rrn: string | null;
  error_code: string | null;
  error: string | null;
  intent_url: string;
  expires: string;
  pin_tries_left: number;
  seconds_left: number;
}
export interface Books {
  totals: Record<string, Total>;
  held: number;
  entries: Array<Entry>;
  cursor: string | null;
}
export interface CandidatePage {
  items: Array<CandidateView>;
  next_cursor: string | null;
}
export interface CandidateView {
  provider: string;
  answers: number;
  captures: number;
  cost_bp: number;
  wait_ms: number;
  worth_bp: number;
  takes: boolean;
  why: string;
}
export interface Capture {
  amount: number;
  reference?: string | null;
  final?: boolean;
}
export interface CaptureOut {
  id: string;
  payment_id: string;
  amount_paise: number;
  final: boolean;
  state: "pending" | "done" | "failed";
  mode: "test" | "live";
}
export interface CaptureView {
  id: string;
  payment_id: string;
  amount_paise: number;
  final: boolean;
  state: "pending" | "done" | "failed";
}
export interface Card {
  id: string;
  name: string;
  category: Category;
  variant: Variant;
  variants: number;
}
export interface CardToken {
  token: string;
  cryptogram: string;
  expiry: string;
  network: string;
  last4: string;
}
export interface CartLine {
  sku: string;
  product_id: string;
  names: Record<string, string>;
  quantity: number;
  unit_price_paise: number;
  gst_rate_bp: number;
  total_paise: number;
}
export interface CartOut {
  lines: Array<CartLine>;
  total_paise: number;
}
export interface Case {
  id: string;
  kind: string;
  about: string;
  owner: string;
  opened: string;
  amount_paise: number | null;
  put_right_by: string | null;
  owed_paise: number;
  detail: Record<string, unknown>;
  ends: Array<Resolution>;
  closing: Closing | null;
}
export interface CaseClosing {
  resolution: "refund_again" | "paid_directly" | "provider_corrected" | "explained" | "posted" | "written_off";
  note: string;
  actor: string;
  at: string;
  refund_id: string | null;
}
export interface CaseDecision {
  resolution: "refund_again" | "paid_directly" | "provider_corrected" | "explained" | "posted" | "written_off";
  note?: string | null;
}
export interface CasePage {
  items: Array<Case>;
  next_cursor: string | null;
}
export interface CashPage {
  items: Array<CashView>;
  next_cursor: string | null;
}
export interface CashView {
  payment_id: string;
  order_id: string;
  amount_paise: number;
  collected: string;
  overdue: boolean;
}
export interface Category {
  id: string;
  name: string;
}
export interface CategoryPage {
  items: Array<Category>;
  next_cursor: string | null;
}
export interface Chaos {
  slow_ms?: number;
  drop_after_debit?: number;
  lie?: number;
  answer_twice?: number;
  decline?: number;
  refuse_refunds?: number;
  deemed?: number;
  deemed_reversed?: number;
  banks_down?: Array<string>;
  down?: boolean;
}
export interface Check {
  balanced: boolean;
  agrees: boolean | null;
  comparisons: Array<Comparison>;
  cases: Array<Case>;
}
export interface CheckOut {
  agrees: boolean;
  problems: Array<"entries" | "payouts" | "ledger" | "gateway">;
  entries: AmountsOut;
  open_paise: number;
  paid_paise: number;
  sending_paise: number;
  gateway_paid_out_paise: number;
  unposted: number;
}
export interface Checkout {
  address: AddressIn;
  method: "upi" | "card" | "netbanking" | "wallet" | "cod";
  card_token?: string | null;
  bank?: string | null;
  wallet?: string | null;
  city?: "mumbai" | "delhi" | "bengaluru" | "chennai" | null;
}
export interface ChoiceView {
  code: string;
  name: string;
  down: boolean;
  until: string | null;
}
export interface CloseIn {
  resolution: Resolution;
  note?: string | null;
}
export interface Closing {
  resolution: Resolution;
  note: string;
  actor: string;
  at: string;
  refund_id: string | null;
}
export interface CodeIn {
  phone: string;
}
export interface CodeOut {
  expires_in_s: number;
  resend_after_s: number;
}
export interface Comparison {
  kind: string;
  ours_paise: number;
  gateway_paise: number;
}
export interface CreditNoteOut {
  number: string;
  issued_on: string;
  invoice_number: string;
  invoice_issued_on: string;
  reason: string;
  refund_id: string | null;
  seller: InvoiceParty;
  buyer: InvoiceParty;
  place_of_supply: string;
  lines: Array<InvoiceLineOut>;
  taxable_paise: number;
  cgst_paise: number;
  sgst_paise: number;
  igst_paise: number;
  total_paise: number;
}
export interface CreditNotePage {
  items: Array<CreditNoteOut>;
  next_cursor: string | null;
}
export interface CrowdState {
  running: boolean;
  wanted: number;
  shoppers: number;
  think_s: number;
  orders_per_s: number;
  requests_per_s: number;
  errors: Record<string, number>;
  request_ms: Latency;
  purchase_ms: Latency;
}
export interface CrowdWish {
  shoppers: number;
  think_s?: number;
}
export interface Cryptogram {
  reference: string;
}
export interface CustomerChange {
  name?: string | null;
  language?: "en" | "hi" | "ta" | "te" | "kn" | null;
}
export interface CustomerOut {
  id: string;
  phone: string;
  name: string;
  language: "en" | "hi" | "ta" | "te" | "kn";
  created: string;
}
export interface Delivery {
  pin: string;
  tier: "metro" | "city" | "town" | "remote";
  earliest: string;
  latest: string;
  cash_on_delivery: boolean;
  mark: string;
  effective_from: string;
}
export interface DeliveryOut {
  id: string;
  endpoint_id: string;
  seller_id: string | null;
  webhook_id: string;
  type: string;
  state: "waiting" | "delivered" | "dead";
  created: string;
  tries: number;
  next_try: string | null;
  last_error: string | null;
  finished: string | null;
}
export interface DeliveryPage {
  items: Array<DeliveryOut>;
  next_cursor: string | null;
}
export interface DeliveryPlace {
  id: string;
  name: string;
  pin: string;
  state_code: string;
}
export interface DeliveryPlacePage {
  items: Array<DeliveryPlace>;
  next_cursor: string | null;
}
export interface Dispute {
  id: string;
  payment_id: string;
  reference: string;
  amount: number;
  reason: string;
  status: string;
  respond_by: number;
  created_at: number;
}
export interface DisputeEnd {
  status: "won" | "lost";
}
export interface Downtime {
  method: "netbanking" | "wallet";
  bank: string;
  begin: number;
  end: number | null;
}
export interface DowntimePage {
  items: Array<Downtime>;
  next_cursor: string | null;
}
export interface EndpointChange {
  url?: string | null;
  types?: Array<"orders.sold" | "orders.unsold" | "settlement.paid" | "webhooks.endpoint_disabled" | "payments.authorized" | "payments.captured" | "payments.failed" | "payments.refunded" | "payments.refund_failed" | "payment.ready" | "payment.authorized" | "payment.captured" | "payment.failed" | "payment.charged_back" | "refund.processed" | "refund.failed" | "refund.retried"> | null;
  description?: string | null;
  enabled?: boolean | null;
}
export interface EndpointIn {
  url: string;
  types?: Array<"orders.sold" | "orders.unsold" | "settlement.paid" | "webhooks.endpoint_disabled" | "payments.authorized" | "payments.captured" | "payments.failed" | "payments.refunded" | "payments.refund_failed" | "payment.ready" | "payment.authorized" | "payment.captured" | "payment.failed" | "payment.charged_back" | "refund.processed" | "refund.failed" | "refund.retried">;
  description?: string;
}
export interface EndpointOut {
  id: string;
  seller_id: string | null;
  url: string;
  types: Array<string>;
  description: string;
  created: string;
  enabled: boolean;
  disabled_reason: "owner" | "gone" | "failing" | null;
  disabled_at: string | null;
  failing_since: string | null;
}
export interface EndpointPage {
  items: Array<EndpointOut>;
  next_cursor: string | null;
}
export interface EndpointWithKeys {
  id: string;
  seller_id: string | null;
  url: string;
  types: Array<string>;
  description: string;
  created: string;
  enabled: boolean;
  disabled_reason: "owner" | "gone" | "failing" | null;
  disabled_at: string | null;
  failing_since: string | null;
  keys: Array<KeyOut>;
}
export interface Entry {
  position: number;
  kind: "collected" | "refunded" | "paid_out";
  reference: string;
  amount: number;
  at: number;
}
export interface EntryOut {
  order_id: string;
  kind: "sale" | "reversal" | "payment" | "refund" | "restored" | "chargeback";
  booked_on: string;
  lines: Array<LineOut>;
  amounts: AmountsOut;
}
export interface ErasedOut {
  customer_id: string;
  erased: string;
  kept: Array<KeptOut>;
}
export interface EventSource {
  name: string;
  url: string;
}
export interface FaultKind {
  name: string;
  does: string;
  example: string;
}
export interface FieldChange {
  field: string;
  before: string;
  after: string;
}
export interface FieldProblem {
  field: string;
  reason: string;
}
export interface History {
  numbers: Array<number>;
  at: Array<string>;
  series: Record<string, Array<number | null>>;
}
export interface HoldIn {
  seller_id: string;
  amount_paise: number;
  reason: string;
}
export interface HoldPage {
  items: Array<HoldView>;
  next_cursor: string | null;
}
export interface HoldView {
  id: string;
  seller_id: string;
  amount_paise: number;
  reason: string;
  by: string;
  at: string;
  released_by: string | null;
  released: string | null;
}
export interface Home {
  items: Array<HomeItem>;
}
export interface HomeItem {
  match: MatchOut;
  viewers: number;
}
export interface HowFar {
  step: string;
  share: number;
  left_s: number | null;
}
export interface InvoiceLineOut {
  sku: string;
  names: Record<string, string>;
  hsn: string;
  unit: string;
  quantity: number;
  rate_bp: number;
  gross_paise: number;
  taxable_paise: number;
  cgst_paise: number;
  sgst_paise: number;
  igst_paise: number;
}
export interface InvoiceOut {
  number: string;
  kind: "tax_invoice" | "bill_of_supply";
  issued_on: string;
  seller: InvoiceParty;
  buyer: InvoiceParty;
  place_of_supply: string;
  reverse_charge: boolean;
  lines: Array<InvoiceLineOut>;
  taxable_paise: number;
  cgst_paise: number;
  sgst_paise: number;
  igst_paise: number;
  total_paise: number;
}
export interface InvoicePage {
  items: Array<InvoiceOut>;
  next_cursor: string | null;
}
export interface InvoiceParty {
  name: string;
  address: string;
  pin: string;
  state_code: string;
  gstin: string | null;
}
export interface KeptOut {
  what: string;
  text: string;
  until: string | null;
  law: string;
  mark: string;
}
export interface KeyOut {
  id: string;
  created: string;
  expires: string | null;
}
export interface Latency {
  p50: number | null;
  p95: number | null;
  p99: number | null;
}
export interface LedgerCase {
  id: string;
  kind: string;
  about: string;
  owner: string;
  opened: string;
  amount_paise: number | null;
  put_right_by: string | null;
  owed_paise: number;
  ends: Array<"refund_again" | "paid_directly" | "provider_corrected" | "explained" | "posted" | "written_off">;
  closing: CaseClosing | null;
}
export interface LedgerState {
  balanced: boolean;
  agrees: boolean | null;
  cases: Array<LedgerCase>;
}
export interface LineOut {
  sku: string;
  category: string;
  quantity: number;
  amounts: AmountsOut;
}
export interface MatchList {
  items: Array<MatchOut>;
}
export interface MatchOut {
  id: string;
  title: Record<string, string>;
  starts: string;
  ends: string;
  moments: Array<MomentOut>;
}
export interface Meaning {
  name: string;
  unit: "per_s" | "ms" | "share" | "count" | "cores" | "mib";
  text: string;
}
export interface MeaningPage {
  items: Array<Meaning>;
  next_cursor: string | null;
}
export interface Measured {
  kbps?: number;
}
export interface MethodsView {
  netbanking: Array<ChoiceView>;
  wallet: Array<ChoiceView>;
}
export interface MomentOut {
  name: string;
  at: string;
}
export interface MomentView {
  at: string;
  kind: "created" | "risk" | "routed" | "callback" | "moved" | "ledger" | "capture" | "refund" | "case";
  by: string;
  text: string;
  about: string | null;
}
export interface Move {
  at: string;
  before: string;
  after: string;
  actor: string;
  reason: string | null;
}
export interface NewApiKey {
  token: string | null;
  api_key: ApiKeyOut;
}
export interface NewDispute {
  reference: string;
  amount?: number | null;
  reason?: string;
  days?: number;
}
export interface NewEndpoint {
  endpoint: EndpointOut;
  secret: string | null;
}
export interface NewKey {
  key: KeyOut;
  secret: string | null;
  keys: Array<KeyOut>;
}
export interface NewPayment {
  reference: string;
  amount: number;
  currency?: "INR";
  method?: "upi" | "card" | "netbanking" | "wallet";
  card?: CardToken | null;
  bank?: string | null;
  vpa?: string | null;
  capture?: "automatic" | "manual";
  description: string;
  expire_seconds: number;
  callback_url: string;
}
export interface NewPayout {
  reference: string;
  amount: number;
  beneficiary: Beneficiary;
}
export interface NewPrice {
  price_paise: number;
  mrp_paise?: number | null;
  city?: string | null;
}
export interface NewRefund {
  reference: string;
  amount: number;
}
export interface NewSession {
  token: string | null;
  customer_id: string;
  expires: string;
}
export interface NewSms {
  to: string;
  text: string;
  reference: string;
}
export interface NewToken {
  number: string;
  expiry: string;
  cvv: string;
}
export interface NextOut {
  date: string;
  sellers: number;
}
export interface NextSettlement {
  date: string;
  sellers: number;
}
export interface OfferCard {
  id: string;
  name: string;
  category: Category;
  variant: Variant;
  was_paise: number;
  since: string;
  off_bp: number;
}
export interface OfferPage {
  items: Array<OfferCard>;
  next_cursor: string | null;
}
export interface OrderLineOut {
  sku: string;
  product_id: string;
  names: Record<string, string>;
  seller_id: string;
  quantity: number;
  returned: number;
  unit_price_paise: number;
  gst_rate_bp: number;
  gross_paise: number;
  taxable_paise: number;
  tax_paise: number;
}
export interface OrderOut {
  id: string;
  version: number;
  state: OrderState;
  reason: string;
  method: "upi" | "card" | "netbanking" | "wallet" | "cod";
  total_paise: number;
  refunded_paise: number;
  refunds: Array<mela__services__orders__schemas__RefundOut>;
  payment_id: string | null;
  intent_url: string | null;
  pay_before: string | null;
  address: AddressOut;
  lines: Array<OrderLineOut>;
  history: Array<mela__services__orders__schemas__StepOut>;
  created: string;
  updated: string;
}
export interface OrderPage {
  items: Array<OrderOut>;
  next_cursor: string | null;
}
export type OrderState = "placed" | "awaiting_payment" | "confirmed" | "shipped" | "delivered" | "cancelling" | "cancelled" | "returned";
export interface OutcomeOut {
  vpa: string;
  card: string;
  about: string;
}
export interface OutcomePage {
  items: Array<OutcomeOut>;
  next_cursor: string | null;
}
export interface OutcomeView {
  outcome: "matched" | "date_differs" | "amount_differs" | "repeated_there" | "missing_here" | "missing_there";
  count: number;
  amount_paise: number;
}
export interface ParkedEvent {
  id: string;
  name: string;
  key: string;
  body: string;
  happened: string;
  attempts: number;
  reason: string;
  behind: number;
}
export interface PayerAccount {
  vpa: string;
  holder: string;
  bank: string;
  masked: string;
  most_paise: number;
  pin: string;
}
export interface PayerAccountPage {
  items: Array<PayerAccount>;
  next_cursor: string | null;
}
export interface PayerIn {
  id: string;
  name?: string | null;
  device?: string | null;
}
export interface Payment {
  id: string;
  reference: string;
  status: "created" | "authorized" | "deemed" | "captured" | "voided" | "failed" | "expired";
  amount: number;
  refunded: number;
  currency: string;
  method: string;
  card: string | null;
  bank: string | null;
  vpa: string | null;
  rrn: string | null;
  error_code: string | null;
  created_at: number;
  intent_url: string;
}
export interface PaymentIn {
  amount_paise: number;
  method: "upi" | "card" | "netbanking" | "wallet";
  reference: string;
  description?: string;
  expires_in_s?: number;
  vpa?: string | null;
  card?: string | null;
  bank?: string | null;
  wallet?: string | null;
  capture?: boolean;
  payer?: PayerIn | null;
}
export interface PaymentLine {
  id: string;
  order_id: string;
  amount_paise: number;
  refunded_paise: number;
  method: "upi" | "card" | "netbanking" | "wallet" | "cod";
  paid_with: string | null;
  state: PaymentState;
  provider: string | null;
  rrn: string | null;
  reason: string | null;
  merchant_id: string | null;
  reference: string | null;
  mode: "test" | "live";
  meaning: string | null;
  created: string;
  expires: string | null;
}
export interface PaymentOut {
  id: string;
  mode: "test" | "live";
  reference: string;
  amount_paise: number;
  captured_paise: number;
  refunded_paise: number;
  method: "upi" | "card" | "netbanking" | "wallet";
  paid_with: string | null;
  state: PaymentState;
  pay_url: string | null;
  rrn: string | null;
  reason: string | null;
  created: string;
  expires: string | null;
}
export type PaymentState = "created" | "pending" | "authorized" | "captured" | "failed" | "expired" | "cancelled";
export interface PaymentView {
  id: string;
  order_id: string;
  amount_paise: number;
  refunded_paise: number;
  method: "upi" | "card" | "netbanking" | "wallet" | "cod";
  paid_with: string | null;
  captured_paise: number;
  state: PaymentState;
  intent_url: string | null;
  rrn: string | null;
  reason: string | null;
  created: string;
  expires: string | null;
  history: Array<Move>;
  captures: Array<CaptureView>;
  refunds: Array<RefundView>;
}
export interface Payout {
  id: string;
  reference: string;
  amount: number;
  status: "processed";
  utr: string;
  created_at: number;
}
export interface Plan {
  seed?: number;
  latency_ms?: number;
  drop_before?: number;
  drop_after?: number;
  drop_after_debit?: number;
  callback_twice?: number;
  callback_lost?: number;
  callback_delay_ms?: number;
  callback_late?: number;
  callback_late_ms?: number;
  sign_wrongly?: number;
  leak_ms?: number;
  lie?: number;
  decline?: number;
  decline_codes?: Array<string>;
  deemed?: number;
  deemed_ms?: number;
  deemed_reversed?: number;
  banks_down?: Array<string>;
  refund_pending?: number;
  refund_pending_ms?: number;
  refund_refused?: number;
  report_omits?: number;
  report_repeats?: number;
  report_wrong_amount?: number;
  settle_omits?: number;
  settle_repeats?: number;
  settle_short?: number;
  settle_fee?: number;
}
export interface Price {
  sku: string;
  city: string | null;
  price_paise: number;
  mrp_paise: number;
}
export interface Problem {
  type: string;
  code: string;
  title: string;
  detail: string;
  status: number;
  params: Record<string, unknown>;
  fields?: Array<FieldProblem>;
  request_id: string;
}
export interface Product {
  id: string;
  name: string;
  description: string;
  category: Category;
  seller: Seller;
  hsn: string;
  unit: string;
  variants: Array<Variant>;
}
export interface ProductPage {
  items: Array<Card>;
  next_cursor: string | null;
}
export interface Quality {
  quality: string;
  kbps: number;
  heartbeat_s: number;
}
export interface Quantity {
  quantity: number;
}
export interface ReadOut {
  id: string;
  at: string;
  by_kind: string;
  by_id: string;
  route: string;
  request: string;
  what: string;
  row: string;
}
export interface ReadPage {
  items: Array<ReadOut>;
  next_cursor: string | null;
}
export interface Reason {
  reason: string;
}
export interface Received {
  quantity: number;
}
export interface ReconciliationIn {
  day: string;
}
export interface ReconciliationPage {
  items: Array<ReconciliationView>;
  next_cursor: string | null;
}
export interface ReconciliationView {
  day: string;
  agrees: boolean;
  outcomes: Array<OutcomeView>;
  settlements: Array<SettledView>;
  arrived: Array<ArrivalView>;
  at: string;
}
export interface Refund {
  id: string;
  reference: string;
  payment_id: string;
  amount: number;
  status: "pending" | "processed";
  created_at: number;
}
export interface RefundIn {
  amount_paise?: number | null;
  reason: string;
}
export interface RefundPage {
  items: Array<mela__services__payments__schemas__merchants__RefundOut>;
  next_cursor: string | null;
}
export type RefundState = "pending" | "processed" | "failed";
export interface RefundView {
  id: string;
  amount_paise: number;
  state: "pending" | "processed" | "failed";
  reason: string;
}
export interface Refusal {
  code?: string;
}
export interface Rehearsal {
  id: string;
  state: "waiting" | "running" | "held" | "broke" | "not_run" | "stopped";
  before: number;
  asked: string;
  wish: RehearsalWish;
  progress: HowFar | null;
  sums: Sums | null;
  problem: string;
}
export interface RehearsalChoice {
  name: string;
  title: string;
  text: string;
  family: string;
  start: string;
  duration_s: number;
  stress: string;
  peak: number;
  what: string;
  per_s: number;
  curve: Array<number>;
  marks: Record<string, number>;
  sources: Array<EventSource>;
  fits: Array<string>;
}
export interface RehearsalChoices {
  events: Array<RehearsalChoice>;
  manifests: Array<string>;
  strategies: Array<string>;
  faults: Array<FaultKind>;
}
export interface RehearsalWhole {
  id: string;
  state: "waiting" | "running" | "held" | "broke" | "not_run" | "stopped";
  before: number;
  asked: string;
  wish: RehearsalWish;
  progress: HowFar | null;
  sums: Sums | null;
  problem: string;
  verdict: Record<string, unknown> | null;
}
export interface RehearsalWish {
  event?: string;
  manifests?: string;
  scale?: number;
  seed?: number;
  strategy?: string;
  faults?: Array<string>;
  quick?: boolean;
  language?: "en" | "hi" | "ta" | "te" | "kn";
}
export interface Rehearsals {
  items: Array<Rehearsal>;
}
export interface RemittanceIn {
  courier: string;
  bank_reference: string;
  amount_paise: number;
  payments: Array<string>;
}
export interface RemittanceView {
  id: string;
  courier: string;
  bank_reference: string;
  amount_paise: number;
  expected_paise: number;
  at: string;
}
export interface ReplayIn {
  since: string;
}
export interface ReplayOut {
  replayed: number;
}
export type Resolution = "refund_again" | "paid_directly" | "provider_corrected" | "explained" | "posted" | "written_off";
export interface ReturnIn {
  quantities: Record<string, unknown>;
  reason: string;
}
export interface ReturnOut {
  id: string;
  order_id: string;
  state: ReturnState;
  reason: string;
  quantities: Record<string, number>;
  amount_paise: number;
  refund_id: string | null;
  created: string;
}
export interface ReturnPage {
  items: Array<ReturnOut>;
  next_cursor: string | null;
}
export type ReturnState = "requested" | "received" | "refunded";
export interface Review {
  id: string;
  order_id: string;
  amount_paise: number;
  method: string;
  payer: string;
  place: string | null;
  reasons: Array<RiskReason>;
  at: string;
  expires: string | null;
}
export interface ReviewOut {
  id: string;
  rating: number;
  text: string;
  name: string | null;
  language: "en" | "hi" | "ta" | "te" | "kn";
  verified: boolean;
  written: string;
}
export interface ReviewedView {
  id: string;
  state: PaymentState;
  reason: string | null;
}
export interface RiskReason {
  code: string;
  about: string;
}
export interface RotatedApiKey {
  token: string | null;
  api_key: ApiKeyOut;
  old_api_key: ApiKeyOut;
}
export interface RouteView {
  provider: string | null;
  weighed: Array<CandidateView>;
}
export interface RunIn {
  date?: string | null;
}
export interface RunOut {
  date: string;
  started: string;
  finished: string | null;
  paid: number;
  paid_paise: number;
  sending: number;
  sending_paise: number;
  carried: number;
  carried_paise: number;
  payouts: Array<mela__services__settlement__schemas__PayoutOut>;
}
export interface SampleOut {
  number: number;
  at: string;
  values: Record<string, number | null>;
}
export interface SealCheck {
  number: number;
  last_position: number;
  transfers: number;
  amount_paise: number;
  digest: string;
  holds: boolean;
  fault: "last_id" | "size" | "amount" | "digest" | "day" | null;
  moved: Array<Balance>;
}
export interface SealCheckPage {
  items: Array<SealCheck>;
  next_cursor: string | null;
}
export interface SealPage {
  items: Array<SealView>;
  next_cursor: string | null;
  unsealed: number;
  stray: number;
}
export interface SealView {
  number: number;
  last_position: number;
  transfers: number;
  amount_paise: number;
  digest: string;
}
export interface Seller {
  id: string;
  name: string;
}
export interface ServiceEvents {
  service: string;
  to_send: number;
  waiting: number;
  parked: Array<ParkedEvent>;
}
export interface ServiceEventsPage {
  items: Array<ServiceEvents>;
  next_cursor: string | null;
}
export interface ServiceState {
  name: string;
  about: string;
  simulator: boolean;
  up: boolean;
  figures: Record<string, number | null>;
  objective: number | null;
  uses: Array<string>;
  hears: Array<string>;
}
export interface ServiceStatePage {
  items: Array<ServiceState>;
  next_cursor: string | null;
}
export interface SessionPage {
  items: Array<mela__services__accounts__schemas__SessionOut>;
  next_cursor: string | null;
}
export interface SettledView {
  outcome: "settled" | "not_settled_yet" | "overdue" | "settled_short" | "settled_over" | "fee_differs" | "repeated_there" | "missing_here";
  count: number;
  amount_paise: number;
}
export interface SettlementRun {
  date: string;
  paid: number;
  paid_paise: number;
  sending: number;
  carried: number;
}
export interface SlowRequest {
  id: string;
  request: string;
  at: string;
  took_ms: number;
  steps: Array<mela__runtime__control__watch__StepOut>;
}
export interface SlowRequestPage {
  items: Array<SlowRequest>;
  next_cursor: string | null;
}
export interface Sms {
  to: string;
  text: string;
  reference: string;
  received: string;
}
export interface SmsPage {
  items: Array<Sms>;
  next_cursor: string | null;
}
export type Sort = "featured" | "relevance" | "price_low" | "price_high" | "discount";
export interface StateView {
  id: string;
  state: PaymentState;
  amount_paise: number;
}
export interface StatementOut {
  seller_id: string;
  seller_name: string;
  date: string;
  payout: mela__services__settlement__schemas__PayoutOut | null;
  entries: Array<EntryOut>;
  totals: AmountsOut;
  carried_forward_paise: number;
  total_in_words: string;
}
export interface Stock {
  state: StockBand;
  left: number | null;
}
export type StockBand = "in_stock" | "few_left" | "out_of_stock";
export interface StockLevel {
  sku: string;
  on_hand: number;
  reserved: number;
  free: number;
}
export interface Suggestion {
  product_id: string;
  text: string;
}
export interface SuggestionPage {
  items: Array<Suggestion>;
  next_cursor: string | null;
}
export interface Sums {
  start: string;
  peak: number;
  what: string;
  lost: number;
  budget_used: number;
  cost_paise: number;
  broke: Array<WhatBroke>;
  mends: Array<FieldChange>;
  mended: boolean;
  more_paise: number;
}
export interface Taken {
  outcome: "moved" | "late" | "nothing" | "repeated" | "looked" | "held" | "parked";
}
export interface TierIn {
  tier: "none" | "minimum" | "full";
}
export interface TierView {
  tier: "none" | "minimum" | "full";
  id: string;
}
export interface TimelineView {
  moments: Array<MomentView>;
  outlook: string | null;
}
export interface Token {
  id: string;
  network: string;
  last4: string;
  expiry: string;
}
export interface Total {
  count: number;
  amount: number;
}
export interface TransferPage {
  items: Array<TransferView>;
  next_cursor: string | null;
}
export interface TransferView {
  position: number;
  debit: string;
  credit: string;
  amount_paise: number;
  kind: string;
  payment_id: string | null;
  at: string;
}
export interface TypeOut {
  type: string;
  version: number;
  about: string;
  for_sellers: boolean;
  data: Record<string, unknown>;
}
export interface TypePage {
  items: Array<TypeOut>;
  next_cursor: string | null;
}
export interface Variant {
  sku: string;
  label: string | null;
  attributes: Record<string, string>;
  price_paise: number;
  mrp_paise: number;
  taxable_paise: number;
  tax_paise: number;
  gst_rate_bp: number;
  stock: Stock;
}
export interface WhatBroke {
  at: string;
  service: string;
  says: Array<string>;
  field: string;
}
export interface WholeDelivery {
  id: string;
  endpoint_id: string;
  seller_id: string | null;
  webhook_id: string;
  type: string;
  state: "waiting" | "delivered" | "dead";
  created: string;
  tries: number;
  next_try: string | null;
  last_error: string | null;
  finished: string | null;
  body: string;
  attempts: Array<AttemptOut>;
}
export interface mela__runtime__control__watch__StepOut {
  kind: "request" | "unit" | "call" | "event";
  name: string;
  service: string | null;
  began_ms: number;
  took_ms: number;
  depth: number;
  error: string | null;
}
export interface mela__services__accounts__schemas__RotationIn {
  overlap_s?: number;
}
export interface mela__services__accounts__schemas__SessionIn {
  phone: string;
  code: string;
  cookie?: boolean;
}
export interface mela__services__accounts__schemas__SessionOut {
  id: string;
  device: string;
  created: string;
  seen: string;
  current: boolean;
}
export interface mela__services__catalog__schemas__ReviewIn {
  rating: number;
  text: string;
  name?: string | null;
}
export interface mela__services__catalog__schemas__ReviewPage {
  items: Array<ReviewOut>;
  next_cursor: string | null;
  count: number;
  average: number | null;
  stars: Record<string, number>;
}
export interface mela__services__orders__schemas__RefundOut {
  id: string;
  amount_paise: number;
  state: RefundState;
  reason: string;
  return_id: string | null;
  begun: string;
  settled: string | null;
}
export interface mela__services__orders__schemas__StepOut {
  state: OrderState;
  reason: string;
  actor: string;
  at: string;
}
export interface mela__services__payments__schemas__CaptureIn {
  amount_paise: number;
  final?: boolean;
}
export interface mela__services__payments__schemas__history__PaymentPage {
  items: Array<PaymentLine>;
  next_cursor: string | null;
}
export interface mela__services__payments__schemas__merchants__CaptureIn {
  amount_paise?: number | null;
  final?: boolean;
}
export interface mela__services__payments__schemas__merchants__PaymentPage {
  items: Array<PaymentOut>;
  next_cursor: string | null;
}
export interface mela__services__payments__schemas__merchants__PayoutOut {
  id: string;
  mode: "test" | "live";
  date: string;
  amount_paise: number;
  state: "sending" | "paid";
  utr: string | null;
  created: string;
  paid: string | null;
}
export interface mela__services__payments__schemas__merchants__PayoutPage {
  items: Array<mela__services__payments__schemas__merchants__PayoutOut>;
  next_cursor: string | null;
}
export interface mela__services__payments__schemas__merchants__RefundOut {
  id: string;
  mode: "test" | "live";
  payment_id: string;
  amount_paise: number;
  state: "pending" | "processed" | "failed";
  reason: string;
  created: string;
}
export interface mela__services__payments__schemas__reviews__ReviewIn {
  verdict: "allow" | "block";
  note: string;
}
export interface mela__services__payments__schemas__reviews__ReviewPage {
  items: Array<Review>;
  next_cursor: string | null;
}
export interface mela__services__settlement__schemas__PayoutOut {
  id: string;
  seller_id: string;
  date: string;
  amount_paise: number;
  state: "sending" | "paid";
  utr: string | null;
  paid: string | null;
}
export interface mela__services__settlement__schemas__PayoutPage {
  items: Array<mela__services__settlement__schemas__PayoutOut>;
  next_cursor: string | null;
}
export interface mela__services__streaming__schemas__SessionIn {
  kbps?: number;
  match_id: string;
}
export interface mela__services__streaming__schemas__SessionOut {
  quality: string;
  kbps: number;
  heartbeat_s: number;
  session_id: string;
}
export interface mela__services__webhooks__schemas__api__RotationIn {
  overlap_s?: number;
}
export interface Operations {
  "POST /api/accounts/api-keys": {
    key: string;
    body: ApiKeyIn;
    answer: NewApiKey;
  };
  "GET /api/accounts/api-keys": {
    query?: { seller_id?: string; cursor?: string; limit?: number };
    answer: ApiKeyPage;
  };
  "DELETE /api/accounts/api-keys/{key_id}": {
    path: { key_id: string };
    answer: undefined;
  };
  "POST /api/accounts/api-keys/{key_id}/rotate": {
    path: { key_id: string };
    key: string;
    body: mela__services__accounts__schemas__RotationIn;
    answer: RotatedApiKey;
  };
  "POST /api/accounts/codes": {
    body: CodeIn;
    answer: CodeOut;
  };
  "DELETE /api/accounts/customers/{customer_id}": {
    path: { customer_id: string };
    answer: ErasedOut;
  };
  "GET /api/accounts/me": {
    answer: CustomerOut;
  };
  "PATCH /api/accounts/me": {
    body: CustomerChange;
    answer: CustomerOut;
  };
  "DELETE /api/accounts/me": {
    answer: ErasedOut;
  };
  "POST /api/accounts/sessions": {
    body: mela__services__accounts__schemas__SessionIn;
    answer: NewSession;
  };
  "GET /api/accounts/sessions": {
    answer: SessionPage;
  };
  "DELETE /api/accounts/sessions/current": {
    answer: undefined;
  };
  "DELETE /api/accounts/sessions/{session_id}": {
    path: { session_id: string };
    answer: undefined;
  };
  "GET /api/catalog/categories": {
    query?: { lang?: string };
    answer: CategoryPage;
  };
  "GET /api/catalog/delivery": {
    query?: { pin?: string; city?: string };
    answer: Delivery;
  };
  "GET /api/catalog/delivery/cities": {
    query?: { lang?: string };
    answer: DeliveryPlacePage;
  };
  "GET /api/catalog/offers": {
    query?: { city?: string; category?: string; limit?: number; lang?: string };
    answer: OfferPage;
  };
  "GET /api/catalog/products": {
    query?: { lang?: string; category?: string; q?: string; city?: string; sort?: Sort; min_price_paise?: number; max_price_paise?: number; limit?: number; cursor?: string };
    answer: ProductPage;
  };
  "GET /api/catalog/products/{product_id}": {
    path: { product_id: string };
    query?: { city?: string; lang?: string };
    answer: Product;
  };
  "GET /api/catalog/products/{product_id}/reviews": {
    path: { product_id: string };
    query?: { cursor?: string; limit?: number };
    answer: mela__services__catalog__schemas__ReviewPage;
  };
  "POST /api/catalog/products/{product_id}/reviews": {
    path: { product_id: string };
    query?: { lang?: string };
    key: string;
    body: mela__services__catalog__schemas__ReviewIn;
    answer: ReviewOut;
  };
  "GET /api/catalog/suggest": {
    query: { q: string; lang?: string };
    answer: SuggestionPage;
  };
  "PUT /api/catalog/variants/{sku}/price": {
    path: { sku: string };
    key: string;
    body: NewPrice;
    answer: Price;
  };
  "POST /api/catalog/variants/{sku}/stock": {
    path: { sku: string };
    key: string;
    body: Received;
    answer: StockLevel;
  };
  "POST /api/control/cases/{id}/close": {
    path: { id: string };
    key: string;
    body: CaseDecision;
    answer: LedgerCase;
  };
  "GET /api/control/chaos": {
    answer: Chaos;
  };
  "PUT /api/control/chaos": {
    body: Chaos;
    answer: Chaos;
  };
  "DELETE /api/control/chaos": {
    answer: Chaos;
  };
  "GET /api/control/crowd": {
    answer: CrowdState;
  };
  "PUT /api/control/crowd": {
    body: CrowdWish;
    answer: CrowdState;
  };
  "DELETE /api/control/crowd": {
    answer: undefined;
  };
  "GET /api/control/events": {
    answer: ServiceEventsPage;
  };
  "POST /api/control/events/{service}/{event_id}/replay": {
    path: { service: string; event_id: string };
    answer: undefined;
  };
  "GET /api/control/history": {
    answer: History;
  };
  "GET /api/control/ledger": {
    answer: LedgerState;
  };
  "GET /api/control/meanings": {
    answer: MeaningPage;
  };
  "GET /api/control/reads/{service}": {
    path: { service: string };
    query?: { row?: string; by?: string; cursor?: string; limit?: number };
    answer: ReadPage;
  };
  "GET /api/control/rehearsal-choices": {
    answer: RehearsalChoices;
  };
  "GET /api/control/rehearsals": {
    answer: Rehearsals;
  };
  "POST /api/control/rehearsals": {
    key: string;
    body: RehearsalWish;
    answer: Rehearsal;
  };
  "GET /api/control/rehearsals/{id}": {
    path: { id: string };
    answer: RehearsalWhole;
  };
  "DELETE /api/control/rehearsals/{id}": {
    path: { id: string };
    answer: Rehearsal;
  };
  "GET /api/control/rehearsals/{id}/report": {
    path: { id: string };
    answer: undefined;
  };
  "GET /api/control/services": {
    answer: ServiceStatePage;
  };
  "GET /api/control/settlement": {
    answer: NextSettlement;
  };
  "POST /api/control/settlement": {
    key: string;
    answer: SettlementRun;
  };
  "GET /api/control/slowest": {
    query?: { limit?: number };
    answer: SlowRequestPage;
  };
  "GET /api/control/stream": {
    answer: undefined;
  };
  "GET /api/orders/cart": {
    query?: { city?: "mumbai" | "delhi" | "bengaluru" | "chennai" };
    answer: CartOut;
  };
  "PUT /api/orders/cart/items/{sku}": {
    path: { sku: string };
    query?: { city?: "mumbai" | "delhi" | "bengaluru" | "chennai" };
    body: Quantity;
    answer: CartOut;
  };
  "POST /api/orders/orders": {
    key: string;
    body: Checkout;
    answer: OrderOut;
  };
  "GET /api/orders/orders": {
    query?: { cursor?: string; limit?: number };
    answer: OrderPage;
  };
  "GET /api/orders/orders/{order_id}": {
    path: { order_id: string };
    query?: { seen?: OrderState; wait_s?: number };
    answer: OrderOut;
  };
  "POST /api/orders/orders/{order_id}/cancel": {
    path: { order_id: string };
    body: Reason;
    answer: OrderOut;
  };
  "GET /api/orders/orders/{order_id}/credit-notes": {
    path: { order_id: string };
    answer: CreditNotePage;
  };
  "POST /api/orders/orders/{order_id}/deliver": {
    path: { order_id: string };
    answer: OrderOut;
  };
  "GET /api/orders/orders/{order_id}/invoices": {
    path: { order_id: string };
    answer: InvoicePage;
  };
  "GET /api/orders/orders/{order_id}/papers.pdf": {
    path: { order_id: string };
    query: { number: string; lang?: string };
    answer: undefined;
  };
  "POST /api/orders/orders/{order_id}/returns": {
    path: { order_id: string };
    key: string;
    body: ReturnIn;
    answer: ReturnOut;
  };
  "GET /api/orders/orders/{order_id}/returns": {
    path: { order_id: string };
    answer: ReturnPage;
  };
  "POST /api/orders/orders/{order_id}/ship": {
    path: { order_id: string };
    answer: OrderOut;
  };
  "GET /api/orders/orders/{order_id}/stream": {
    path: { order_id: string };
    answer: undefined;
  };
  "POST /api/orders/returns/{return_id}/received": {
    path: { return_id: string };
    answer: ReturnOut;
  };
  "POST /api/payments/callbacks/{provider}": {
    path: { provider: string };
    answer: Taken;
  };
  "GET /api/payments/cases": {
    query?: { state?: "open" | "closed"; cursor?: string; limit?: number };
    answer: CasePage;
  };
  "GET /api/payments/cases/{id}": {
    path: { id: string };
    answer: Case;
  };
  "POST /api/payments/cases/{id}/close": {
    path: { id: string };
    key: string;
    body: CloseIn;
    answer: Case;
  };
  "GET /api/payments/cash": {
    query?: { cursor?: string; limit?: number };
    answer: CashPage;
  };
  "POST /api/payments/cash/remittances": {
    key: string;
    body: RemittanceIn;
    answer: RemittanceView;
  };
  "POST /api/payments/holds": {
    key: string;
    body: HoldIn;
    answer: HoldView;
  };
  "GET /api/payments/holds": {
    query?: { cursor?: string; limit?: number };
    answer: HoldPage;
  };
  "POST /api/payments/holds/{id}/release": {
    path: { id: string };
    answer: HoldView;
  };
  "GET /api/payments/ledger/balances": {
    query?: { at?: string; sealed?: boolean };
    answer: BalancePage;
  };
  "GET /api/payments/ledger/check": {
    answer: Check;
  };
  "GET /api/payments/ledger/seals": {
    query?: { cursor?: string; limit?: number };
    answer: SealPage;
  };
  "GET /api/payments/ledger/seals/checks": {
    query?: { cursor?: string; limit?: number };
    answer: SealCheckPage;
  };
  "GET /api/payments/ledger/transfers": {
    query?: { account?: string; cursor?: string; limit?: number };
    answer: TransferPage;
  };
  "GET /api/payments/merchants/{id}/balance": {
    path: { id: string };
    answer: BalanceOut;
  };
  "GET /api/payments/merchants/{id}/payouts": {
    path: { id: string };
    query?: { cursor?: string; limit?: number };
    answer: mela__services__payments__schemas__merchants__PayoutPage;
  };
  "GET /api/payments/methods": {
    answer: MethodsView;
  };
  "PUT /api/payments/payers/{id}/tier": {
    path: { id: string };
    body: TierIn;
    answer: TierView;
  };
  "GET /api/payments/payments": {
    query?: { state?: Array<PaymentState>; method?: "upi" | "card" | "netbanking" | "wallet" | "cod"; provider?: string; order_id?: string; rrn?: string; merchant_id?: string; reference?: string; since?: string; until?: string; at_least_paise?: number; at_most_paise?: number; cursor?: string; limit?: number };
    answer: mela__services__payments__schemas__history__PaymentPage;
  };
  "GET /api/payments/payments/{id}": {
    path: { id: string };
    answer: PaymentView;
  };
  "POST /api/payments/payments/{id}/cancel": {
    path: { id: string };
    answer: StateView;
  };
  "POST /api/payments/payments/{id}/captures": {
    path: { id: string };
    key: string;
    body: mela__services__payments__schemas__CaptureIn;
    answer: CaptureView;
  };
  "POST /api/payments/payments/{id}/cash": {
    path: { id: string };
    key: string;
    answer: StateView;
  };
  "POST /api/payments/payments/{id}/review": {
    path: { id: string };
    body: mela__services__payments__schemas__reviews__ReviewIn;
    answer: ReviewedView;
  };
  "GET /api/payments/payments/{id}/route": {
    path: { id: string };
    answer: RouteView;
  };
  "GET /api/payments/payments/{id}/timeline": {
    path: { id: string };
    answer: TimelineView;
  };
  "GET /api/payments/providers": {
    query?: { amount_paise?: number; method?: "upi" | "card" | "netbanking" | "wallet"; bank?: string };
    answer: CandidatePage;
  };
  "POST /api/payments/reconciliations": {
    body: ReconciliationIn;
    answer: ReconciliationView;
  };
  "GET /api/payments/reconciliations": {
    query?: { cursor?: string; limit?: number };
    answer: ReconciliationPage;
  };
  "GET /api/payments/reviews": {
    query?: { cursor?: string; limit?: number };
    answer: mela__services__payments__schemas__reviews__ReviewPage;
  };
  "GET /api/payments/v1/balance": {
    answer: BalanceOut;
  };
  "POST /api/payments/v1/payments": {
    key: string;
    body: PaymentIn;
    answer: PaymentOut;
  };
  "GET /api/payments/v1/payments": {
    query?: { state?: Array<PaymentState>; method?: "upi" | "card" | "netbanking" | "wallet"; reference?: string; since?: string; until?: string; at_least_paise?: number; at_most_paise?: number; cursor?: string; limit?: number };
    answer: mela__services__payments__schemas__merchants__PaymentPage;
  };
  "GET /api/payments/v1/payments/{id}": {
    path: { id: string };
    answer: PaymentOut;
  };
  "POST /api/payments/v1/payments/{id}/cancel": {
    path: { id: string };
    key: string;
    answer: PaymentOut;
  };
  "POST /api/payments/v1/payments/{id}/capture": {
    path: { id: string };
    key: string;
    body: mela__services__payments__schemas__merchants__CaptureIn;
    answer: CaptureOut;
  };
  "POST /api/payments/v1/payments/{id}/refunds": {
    path: { id: string };
    key: string;
    body: RefundIn;
    answer: mela__services__payments__schemas__merchants__RefundOut;
  };
  "GET /api/payments/v1/payouts": {
    query?: { cursor?: string; limit?: number };
    answer: mela__services__payments__schemas__merchants__PayoutPage;
  };
  "GET /api/payments/v1/refunds": {
    query?: { payment_id?: string; cursor?: string; limit?: number };
    answer: RefundPage;
  };
  "GET /api/payments/v1/refunds/{id}": {
    path: { id: string };
    answer: mela__services__payments__schemas__merchants__RefundOut;
  };
  "GET /api/payments/v1/test-outcomes": {
    answer: OutcomePage;
  };
  "GET /api/settlement/check": {
    answer: CheckOut;
  };
  "GET /api/settlement/next": {
    answer: NextOut;
  };
  "GET /api/settlement/payouts": {
    query?: { cursor?: string; limit?: number };
    answer: mela__services__settlement__schemas__PayoutPage;
  };
  "POST /api/settlement/runs": {
    key: string;
    body: RunIn;
    answer: RunOut;
  };
  "GET /api/settlement/runs/{day}": {
    path: { day: string };
    answer: RunOut;
  };
  "GET /api/settlement/statements/{day}": {
    path: { day: string };
    answer: StatementOut;
  };
  "GET /api/streaming/home": {
    answer: Home;
  };
  "GET /api/streaming/matches": {
    answer: MatchList;
  };
  "GET /api/streaming/matches/{match_id}/audience": {
    path: { match_id: string };
    answer: AudienceOut;
  };
  "POST /api/streaming/sessions": {
    key: string;
    body: mela__services__streaming__schemas__SessionIn;
    answer: mela__services__streaming__schemas__SessionOut;
  };
  "DELETE /api/streaming/sessions/{session_id}": {
    path: { session_id: string };
    answer: undefined;
  };
  "POST /api/streaming/sessions/{session_id}/heartbeats": {
    path: { session_id: string };
    body: Measured;
    answer: Quality;
  };
  "GET /api/webhooks/deliveries": {
    query?: { endpoint_id?: string; state?: "waiting" | "delivered" | "dead"; payment_id?: string; cursor?: string; limit?: number };
    answer: DeliveryPage;
  };
  "GET /api/webhooks/deliveries/{delivery_id}": {
    path: { delivery_id: string };
    answer: WholeDelivery;
  };
  "POST /api/webhooks/deliveries/{delivery_id}/replay": {
    path: { delivery_id: string };
    answer: DeliveryOut;
  };
  "POST /api/webhooks/endpoints": {
    key: string;
    body: EndpointIn;
    answer: NewEndpoint;
  };
  "GET /api/webhooks/endpoints": {
    query?: { cursor?: string; limit?: number };
    answer: EndpointPage;
  };
  "GET /api/webhooks/endpoints/{endpoint_id}": {
    path: { endpoint_id: string };
    answer: EndpointWithKeys;
  };
  "PATCH /api/webhooks/endpoints/{endpoint_id}": {
    path: { endpoint_id: string };
    body: EndpointChange;
    answer: EndpointOut;
  };
  "DELETE /api/webhooks/endpoints/{endpoint_id}": {
    path: { endpoint_id: string };
    answer: undefined;
  };
  "POST /api/webhooks/endpoints/{endpoint_id}/keys": {
    path: { endpoint_id: string };
    key: string;
    body: mela__services__webhooks__schemas__api__RotationIn;
    answer: NewKey;
  };
  "POST /api/webhooks/endpoints/{endpoint_id}/ping": {
    path: { endpoint_id: string };
    key: string;
    answer: DeliveryOut;
  };
  "POST /api/webhooks/endpoints/{endpoint_id}/replay": {
    path: { endpoint_id: string };
    body: ReplayIn;
    answer: ReplayOut;
  };
  "GET /api/webhooks/event-types": {
    answer: TypePage;
  };
  "POST /sim/gateway/cards/tokens": {
    body: NewToken;
    answer: Token;
  };
  "GET /sim/gateway/cards/tokens/{id}": {
    path: { id: string };
    answer: Token;
  };
  "POST /sim/gateway/cards/tokens/{id}/cryptograms": {
    path: { id: string };
    body: Cryptogram;
    answer: CardToken;
  };
  "POST /sim/gateway/disputes": {
    body: NewDispute;
    answer: Dispute;
  };
  "POST /sim/gateway/disputes/{id}/end": {
    path: { id: string };
    body: DisputeEnd;
    answer: Dispute;
  };
  "GET /sim/gateway/plan": {
    answer: Plan;
  };
  "POST /sim/gateway/plan": {
    body: Plan;
    answer: Plan;
  };
  "GET /sim/gateway/upi": {
    query: { link: string };
    answer: Bill;
  };
  "GET /sim/gateway/upi/accounts": {
    answer: PayerAccountPage;
  };
  "GET /sim/gateway/upi/{id}": {
    path: { id: string };
    answer: Bill;
  };
  "POST /sim/gateway/upi/{id}/approve": {
    path: { id: string };
    body?: Approval | null;
    answer: Bill;
  };
  "POST /sim/gateway/upi/{id}/decline": {
    path: { id: string };
    body?: Refusal | null;
    answer: Bill;
  };
  "GET /sim/gateway/v1/books": {
    query?: { cursor?: string; limit?: number };
    answer: Books;
  };
  "GET /sim/gateway/v1/downtimes": {
    answer: DowntimePage;
  };
  "POST /sim/gateway/v1/payments": {
    body: NewPayment;
    answer: Payment;
  };
  "GET /sim/gateway/v1/payments": {
    query: { reference: string };
    answer: Payment;
  };
  "GET /sim/gateway/v1/payments/{id}": {
    path: { id: string };
    answer: Payment;
  };
  "POST /sim/gateway/v1/payments/{id}/capture": {
    path: { id: string };
    body: Capture;
    answer: Payment;
  };
  "POST /sim/gateway/v1/payments/{id}/refunds": {
    path: { id: string };
    body: NewRefund;
    answer: Refund;
  };
  "POST /sim/gateway/v1/payments/{id}/void": {
    path: { id: string };
    answer: Payment;
  };
  "POST /sim/gateway/v1/payouts": {
    body: NewPayout;
    answer: Payout;
  };
  "GET /sim/gateway/v1/payouts": {
    query: { reference: string };
    answer: Payout;
  };
  "GET /sim/gateway/v1/refunds": {
    query: { reference: string };
    answer: Refund;
  };
  "GET /sim/gateway/v1/reports/settlements": {
    query: { day: string };
    answer: undefined;
  };
  "GET /sim/gateway/v1/reports/transactions": {
    query: { day: string };
    answer: undefined;
  };
  "POST /sim/sms/messages": {
    body: NewSms;
    answer: Sms;
  };
  "GET /sim/sms/messages": {
    query: { to: string; cursor?: string; limit?: number };
    answer: SmsPage;
  };
}
