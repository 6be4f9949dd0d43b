/** Tests of alerts. */
@NullMarked
package io.hadal.platform.alert;

import org.jspecify.annotations.NullMarked;
