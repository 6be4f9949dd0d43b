/**
 * Tells operators what they have to know: budgets that run out, backends that get worse, keys that
 * upstreams refuse, versions that end; by webhook and e-mail (platform specification, 2.4, 2.7,
 * 2.8). No prompts, answers or secrets are in it.
 */
@NullMarked
package io.hadal.platform.alert;

import org.jspecify.annotations.NullMarked;
