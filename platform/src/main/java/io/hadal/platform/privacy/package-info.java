/**
 * What protects content and personal data: envelope encryption, policies of projects, retention
 * (platform specification, 2.12).
 */
@NullMarked
package io.hadal.platform.privacy;

import org.jspecify.annotations.NullMarked;
