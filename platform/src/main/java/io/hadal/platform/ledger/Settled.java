package io.hadal.platform.ledger;

import io.hadal.platform.usage.UsageEvent;

/**
 * An attempt that is over, and the money that was set aside for it at its admission.
 *
 * @param held nano-USD
 */
public record Settled(UsageEvent event, long held) {}
