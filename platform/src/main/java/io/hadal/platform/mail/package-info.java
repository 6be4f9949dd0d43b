/** Mails to operators: budgets that run out, versions that end (platform specification, 2.4, 2.7). */
@NullMarked
package io.hadal.platform.mail;

import org.jspecify.annotations.NullMarked;
