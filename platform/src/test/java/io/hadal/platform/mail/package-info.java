/** Tests of mails. */
@NullMarked
package io.hadal.platform.mail;

import org.jspecify.annotations.NullMarked;
