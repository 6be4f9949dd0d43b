@NullMarked
package io.hadal.server.redaction;

import org.jspecify.annotations.NullMarked;
