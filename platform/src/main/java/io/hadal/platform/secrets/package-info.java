/**
 * Where secrets come from: the environment, files, key management (platform specification, 2.16).
 */
@NullMarked
package io.hadal.platform.secrets;

import org.jspecify.annotations.NullMarked;
