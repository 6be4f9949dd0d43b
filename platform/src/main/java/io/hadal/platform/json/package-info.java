/** JSON in its one canonical form, for hashes and signatures. */
@NullMarked
package io.hadal.platform.json;

import org.jspecify.annotations.NullMarked;
