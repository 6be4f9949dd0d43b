/**
 * The audit log: chains of hashed events, signed checkpoints and their verifier (platform
 * specification, 2.11).
 */
@NullMarked
package io.hadal.platform.audit;

import org.jspecify.annotations.NullMarked;
