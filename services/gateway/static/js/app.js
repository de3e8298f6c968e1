// Everything a page does by script. Listeners are on the document, so parts that come later need no set-up.
import "./look.js";
import "./requests.js";
import "./dialogs.js";
import "./combobox.js";
import "./palette.js";
import "./rows.js";
import "./panel.js";
import "./selection.js";
import "./tags.js";
import "./files.js";
import "./forms.js";
import "./drafts.js";
import "./saving.js";
import "./inplace.js";
import "./typed.js";
import "./live.js";
