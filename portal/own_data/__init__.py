"""All that is kept of one person, for that person (right of access, RGPD, article 15): as data and as a document.

Only what is about themselves and what they wrote: of another guardian there is a name at most (decision 16).
"""

from portal.own_data.collect import collect
from portal.own_data.document import own_data_json, own_data_pdf
from portal.own_data.person import Person, person_of, person_of_record
from portal.own_data.receipts import note_file_read

__all__ = ["Person", "collect", "note_file_read", "own_data_json", "own_data_pdf", "person_of", "person_of_record"]
