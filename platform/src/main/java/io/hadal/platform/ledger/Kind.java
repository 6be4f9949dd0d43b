package io.hadal.platform.ledger;

/** What a transaction is for. */
public enum Kind {
  /** Money comes in. */
  TOPUP,
  /** Money is given. */
  GRANT,
  /** Money is set aside for an attempt. */
  HOLD,
  /** More is set aside. */
  EXTEND,
  /** An attempt is paid. */
  SETTLE,
  /** The rest of what was set aside is free again. */
  RELEASE,
  /** A payment is given back. */
  REFUND,
  /** A correction. */
  ADJUST,
  /** An upstream is owed for an attempt. */
  UPSTREAM
}
