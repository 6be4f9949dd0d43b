/** Versions on trial: what their answers are like, copies, probes and reports. */
@NullMarked
package io.hadal.server.trial;

import org.jspecify.annotations.NullMarked;
