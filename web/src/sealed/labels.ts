/** What each signature and seal begins with, so that none can be taken for one of another kind. */

import { utf8 } from "./bytes.ts";

export const BUNDLE = utf8("parley/dev/1\0");
export const ENVELOPE = utf8("parley/env/1\0");
export const CONSENT = utf8("parley/consent/1\0");
export const SAFETY_NUMBER = utf8("parley/fp/1");
/** Which words a person agreed to. */
export const CONSENT_TEXT = "parley/consent-text/1";
