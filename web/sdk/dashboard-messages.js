/**
 * The messages of `smartconnect.dashboard.v1`, as types.
 *
 * Amounts are integer cents, times RFC 3339 UTC. Fields that may be missing are marked so.
 *
 * @typedef {import("./messages.js").TransactionView} TransactionView
 * @typedef {import("./messages.js").PairingInfo} PairingInfo
 * @typedef {import("./messages.js").Details} Details
 * @typedef {import("./messages.js").Outcome} Outcome
 *
 * @typedef {{ trigger: string, source: string, target: string }} TableRow
 *
 * @typedef {object} StateTable a state table, as the server runs it
 * @property {string} name
 * @property {string} kind of the happenings that walk it
 * @property {string} initial
 * @property {string[]} states
 * @property {string[]} final
 * @property {TableRow[]} rows
 *
 * @typedef {object} Overview how it stands; rates are per second over the last ten
 * @property {string} at
 * @property {number} connections
 * @property {number} devices
 * @property {Record<string, number>} devices_by_state
 * @property {number} pairings
 * @property {number} live_codes
 * @property {Record<string, number>} open_by_state
 * @property {number} attention
 * @property {number} submitted_per_second
 * @property {number} finished_per_second
 * @property {Record<string, number>} finished_by_state since the hub started
 * @property {number} write_queue
 *
 * @typedef {object} DashboardWelcome
 * @property {number} heartbeat_seconds
 * @property {string} server_time
 * @property {string} hub_version
 * @property {boolean} development
 * @property {StateTable[]} tables
 * @property {Overview} overview
 *
 * @typedef {object} Happening a step that something took
 * @property {string} kind the table's: transaction, device_queue, pairing_code, pairing
 * @property {string} subject the thing's id
 * @property {string} what the trigger, or another fact that was noted
 * @property {string} state the state after it
 * @property {string} at
 * @property {string} [device_id]
 * @property {string} [register_key]
 * @property {string} [detail]
 *
 * @typedef {{ items: Happening[], skipped: number }} Happenings
 *
 * @typedef {object} Wanted which happenings; those that match all given fields
 * @property {string[]} [kinds]
 * @property {string} [device_id]
 * @property {string} [subject]
 *
 * @typedef {object} DeviceView
 * @property {string} device_id
 * @property {string} name
 * @property {string} merchant_id
 * @property {boolean} online
 * @property {string} queue_state
 * @property {number} queue_depth
 * @property {number} epoch
 * @property {string} enrolled_at
 * @property {string} [business_name] only this business's registers may pair
 * @property {string} [serial]
 * @property {string} [model]
 * @property {string} [firmware]
 * @property {string} [current_transaction]
 * @property {string} [connected_at]
 * @property {string} [disconnected_at]
 * @property {string} [revoked_at]
 * @property {PairingInfo[]} [pairings] only when one device is asked for
 *
 * @typedef {object} RegisterRow
 * @property {string} register_key
 * @property {string} register_id
 * @property {string} register_name
 * @property {string} business_name
 * @property {string} vendor_name
 * @property {number} event
 * @property {string} [pairing_id]
 * @property {string} [device_id]
 * @property {string} [paired_at]
 *
 * @typedef {object} PairingStory
 * @property {string} pairing_id
 * @property {string} state
 * @property {string} device_id
 * @property {string} register_key
 * @property {string} register_id
 * @property {string} register_name
 * @property {string} business_name
 * @property {string} vendor_name
 * @property {string} paired_at
 * @property {string} [ended_at]
 * @property {string} [cause]
 *
 * @typedef {object} CodeRow all but the last two digits are blanked
 * @property {string} code_id
 * @property {string} device_id
 * @property {string} code
 * @property {string} state
 * @property {string} issued_at
 * @property {string} expires_at
 * @property {string} session_ends_at
 *
 * @typedef {object} TransactionRow
 * @property {number} seq the cursor of a page
 * @property {string} register_name
 * @property {string} business_name
 * @property {TransactionView} transaction
 *
 * @typedef {object} StoryFields
 * @property {number} sends
 * @property {string | null} sent_serial
 * @property {{ at: string, what: string, state: string }[]} steps
 * @property {{ at: string, operator: string, action: string, note: string }[]} actions
 * @property {{ url: string, state: string, attempts: number, last_error?: string }[]} callbacks
 * @property {Outcome} [conflict_outcome] what the device said later, against the record
 * @property {Details} [conflict]
 *
 * @typedef {TransactionRow & StoryFields} TransactionStory
 *
 * @typedef {object} TransactionsAsked
 * @property {string} [state]
 * @property {string} [device_id]
 * @property {boolean} [attention]
 * @property {number} [before]
 * @property {number} [limit]
 *
 * @typedef {object} Enrolment
 * @property {string} device_id
 * @property {string} [name]
 * @property {string} [business_name]
 * @property {string} [merchant_id]
 *
 * @typedef {{ device_id: string, credential: string }} Credential shown once; the hub keeps a hash only
 */

export {};
