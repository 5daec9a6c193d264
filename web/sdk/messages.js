/**
 * The messages of `smartconnect.register.v1` and `smartconnect.device.v1`, as types.
 *
 * Amounts are integer cents, times RFC 3339 UTC. Fields that may be missing are marked so.
 *
 * @typedef {"approved" | "declined" | "cancelled" | "failed" | "done"} Outcome
 *
 * @typedef {object} Amounts
 * @property {number} [amount_total_cents]
 * @property {number} [amount_cash_cents]
 * @property {number} [amount_auth_cents]
 * @property {number} [amount_final_cents]
 *
 * @typedef {object} Details what a device tells about an outcome
 * @property {string} [reason] machine-readable: insufficient_funds, wrong_pin, host_unavailable, timeout, …
 * @property {string} [result_text]
 * @property {number} [amount_total_cents] with surcharge and tip
 * @property {number} [amount_surcharge_cents]
 * @property {number} [amount_tip_cents]
 * @property {string} [auth_id]
 * @property {string} [acquirer_ref]
 * @property {string} [terminal_ref]
 * @property {string} [card_pan] at most the last four digits
 * @property {string} [card_type]
 * @property {string} [account_type]
 * @property {string} [timestamp] the device's local time, yyyyMMddHHmmss
 * @property {string} [receipt] 30 columns, LF
 * @property {string} [reference_id] Journal.GetTransResult: the transaction that is reported
 * @property {Outcome} [reference_outcome] what became of that one
 * @property {string} [status] Terminal.GetStatus: READY, …
 *
 * @typedef {Details & { transaction_id: string, outcome: Outcome }} Result `transaction.complete`
 *
 * @typedef {object} DevicePresence
 * @property {string} device_id
 * @property {string} device_name
 * @property {boolean} online
 * @property {string} queue_state
 * @property {number} queue_depth
 *
 * @typedef {object} PairingView
 * @property {boolean} paired
 * @property {string} [pairing_id]
 * @property {string} [paired_at]
 * @property {DevicePresence} [device]
 * @property {string} [cause] paired, paired_elsewhere, device, operator
 *
 * @typedef {object} TransactionFields
 * @property {string} transaction_id
 * @property {string} state queued, sending, processing, cancelling, in_doubt, or an outcome
 * @property {boolean} [final] it will not change any more
 * @property {string} function
 * @property {string} device_id
 * @property {string} received_at
 * @property {string} updated_at
 * @property {string} [transaction_reference]
 * @property {string} [idempotency_key]
 * @property {string} [stage]
 * @property {number} [queue_position] 1 is next, 0 is on the device; absent when final or in doubt
 * @property {boolean} [delayed] the outcome is unknown for now
 * @property {boolean} [never_sent] it never left the hub: certainly not charged
 * @property {boolean} [cancel_requested]
 * @property {boolean} [conflict]
 * @property {string} [cause]
 * @property {Details & { resolved_by?: string }} [result]
 * @property {string} [sale_data]
 *
 * @typedef {TransactionFields & Amounts} TransactionView
 *
 * @typedef {object} Identity who a register is; matched exactly
 * @property {string} register_id unique over all customers
 * @property {string} business_name
 * @property {string} vendor_name
 *
 * @typedef {object} RegisterWelcome
 * @property {string} register_key
 * @property {number} event
 * @property {"none" | "complete" | "snapshot"} replay
 * @property {number} heartbeat_seconds
 * @property {string} server_time
 * @property {string} hub_version
 * @property {PairingView} pairing
 * @property {TransactionView[]} transactions
 *
 * @typedef {object} Contact
 * @property {string} [contact_name]
 * @property {string} [address]
 * @property {string} [city]
 * @property {string} [state]
 * @property {string} [zip_code]
 * @property {string} [email]
 * @property {string} [phone]
 *
 * @typedef {{ code: string, register_name: string } & Contact} Redeem
 * @typedef {{ result: string, register_token: string, pairing: PairingView }} Redeemed
 *
 * @typedef {object} SubmitFields
 * @property {string} function
 * @property {string} [transaction_reference]
 * @property {string} [date]
 * @property {string} [sale_data]
 * @property {string} [callback_url]
 *
 * @typedef {SubmitFields & Amounts} Submit
 * @typedef {{ transaction: TransactionView, replayed?: boolean }} Submitted
 *
 * @typedef {"cancelled" | "requested" | "too_late" | "unknown"} CancelAnswer
 * @typedef {{ answer: CancelAnswer, transaction: TransactionView }} Cancelled
 *
 * @typedef {object} PairingInfo one register that is paired with a device
 * @property {string} pairing_id
 * @property {string} register_id
 * @property {string} register_name
 * @property {string} business_name
 * @property {string} vendor_name
 * @property {string} paired_at
 *
 * @typedef {{ pairing_id: string, register_name: string, cause: string, removed_at: string }} PairingRemoved
 * @typedef {{ code: string, expires_at: string, expires_in_seconds: number, session_ends_at: string }} PairingCodeShown
 *
 * @typedef {{ index: number, code: string, message: string, transaction_id?: string }} RefusedResult
 *
 * @typedef {object} DeviceWelcome
 * @property {string} device_id
 * @property {number} epoch
 * @property {number} heartbeat_seconds
 * @property {string} server_time
 * @property {string} hub_version
 * @property {PairingInfo[]} pairings
 * @property {PairingRemoved[]} [removed] pairings that ended while it was away
 * @property {string[]} [recorded] transactions whose outcome the hub has on record now
 * @property {RefusedResult[]} [refused] results of the hello that the hub does not take; told one by one, it says so again
 * @property {string} [credential] once, when the hub has just enrolled the device
 * @property {PairingCodeShown} [pairing_code]
 *
 * @typedef {object} StartFields
 * @property {string} transaction_id
 * @property {string} function
 * @property {string} register_name
 * @property {string} business_name
 * @property {string} received_at
 * @property {number} attempt
 * @property {string} [transaction_reference]
 * @property {string} [date]
 * @property {string} [sale_data]
 *
 * @typedef {StartFields & Amounts} Start
 * @typedef {{ transaction_id: string, state: string, conflict?: boolean }} Recorded
 */

export {};
